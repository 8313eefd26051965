import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';

const quoted = (argument) => (/^[\w@%+=:,./\\-]+$/.test(argument) ? argument : JSON.stringify(argument));
const indented = (text) => text.replace(/\s+$/, '').replace(/^/gm, '    ');

/** Runs commands, shows them as a person would type them with what they print, and counts what was checked. */
export class Terminal {
  #steps = 0;
  #passed = 0;
  #failed = 0;
  #deadline;
  #cwd;
  #env;

  constructor({ cwd, env, timeLimitMs }) {
    this.#cwd = cwd;
    this.#env = env;
    this.#deadline = Date.now() + timeLimitMs;
  }

  print(text) {
    console.log(indented(text));
  }

  step(title) {
    this.#steps += 1;
    console.log(`\n${this.#steps}. ${title}`);
  }

  /**
   * `shown` stands for `command` (an array: program and first arguments) in what is printed. With `isQuiet` the output is shown only of what failed.
   * What has not ended after `limitMs` is ended and run again, twice at most: for installations, which can be repeated.
   */
  async run(shown, command, args, { cwd = this.#cwd, env = this.#env, isQuiet = false, limitMs = Infinity } = {}) {
    console.log(`\n  $ ${[shown, ...args.map(quoted)].join(' ')}`);
    let result = await this.#spawn([...command, ...args], { cwd, env, limitMs });
    for (let again = 0; again < 2 && result.code === -1 && limitMs !== Infinity; again += 1) {
      console.log(`    (did not end within ${limitMs / 1000} s; run again)`);
      result = await this.#spawn([...command, ...args], { cwd, env, limitMs });
    }
    if (result.output.trim() !== '' && !(isQuiet && result.code === 0)) this.print(result.output);
    if (result.code !== 0) console.log(`    (exit code ${result.code})`);
    return result;
  }

  check(passed, what) {
    if (passed) this.#passed += 1;
    else this.#failed += 1;
    console.log(`  ${passed ? 'ok' : 'NOT OK'}: ${what}`);
  }

  /** Later steps make no sense without it: throws when it did not succeed. */
  succeeded(result, what) {
    if (result.code !== 0) throw new Error(`${what} (exit code ${result.code})`);
    this.check(true, what);
  }

  refused(result, named, what) {
    this.check(result.code === 1, what);
    this.check(result.output.includes(named), `and the message names ${named}`);
  }

  /** Prints the counts and gives the exit code. TEST_REPORTS, a folder, gets them as a file. */
  async summary() {
    const counts = { numPassedTests: this.#passed, numFailedTests: this.#failed };
    if (process.env.TEST_REPORTS) await writeFile(`${process.env.TEST_REPORTS}/quickstart.json`, JSON.stringify(counts));
    console.log(`\nquickstart: ${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 ? 0 : 1;
  }

  #spawn([program, ...args], { cwd, env, limitMs }) {
    return new Promise((resolve, reject) => {
      const timeout = Math.min(limitMs, this.#deadline - Date.now());
      if (timeout <= 0) return reject(new Error('the time limit is reached'));
      const child = spawn(program, args, { cwd, env, timeout, killSignal: 'SIGKILL', windowsHide: true, stdio: ['ignore', 'pipe', 'pipe'] });
      const text = { stdout: '', output: '' };
      child.stdout.setEncoding('utf8').on('data', (chunk) => {
        text.stdout += chunk;
        text.output += chunk;
      });
      child.stderr.setEncoding('utf8').on('data', (chunk) => {
        text.output += chunk;
      });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? -1, ...text }));
    });
  }
}
