// What the benchmarks share: interleaved runs, medians and percentiles, tables. Nothing here judges; ratios are compared within one run only.
import { spawn } from 'node:child_process';
import os from 'node:os';

/** A machine is never equally fast for long: each round runs every case once, so that what disturbs one disturbs its neighbours as well. */
export async function interleaved(cases, { rounds, warmups = 2 }) {
  const samples = new Map(cases.map(({ name }) => [name, []]));
  for (let round = -warmups; round < rounds; round += 1) {
    for (const { name, run } of cases) {
      const milliseconds = await timed(run);
      if (round >= 0) samples.get(name).push(milliseconds);
    }
  }
  return samples;
}

/** Wall time of `run`, in milliseconds. */
export async function timed(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** The smallest sample that at least `p` per cent of the samples do not exceed (nearest rank). */
export function percentile(samples, p) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)];
}

export const median = (samples) => percentile(samples, 50);

/** Runs a program to its end, without a shell; its output is read and dropped. Throws unless it exits with `code`. */
export async function runToEnd(file, args, { cwd, env, code = 0 } = {}) {
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output = (output + chunk).slice(-4096)));
  const exitCode = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (exitCode !== code) throw new Error(`${[file, ...args].join(' ')} ended with ${exitCode}, not with ${code}:\n${output}`);
}

/** `cells` as text: numbers with one decimal place. */
const shown = (cell) => (typeof cell === 'number' ? cell.toFixed(1) : String(cell));

/** Prints a Markdown table; the columns of numbers are aligned to the right. */
export function printTable(headings, rows) {
  const cells = [headings, ...rows].map((row) => row.map(shown));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column].length), 3));
  const isNumber = headings.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const line = (row) => `| ${row.map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (isNumber[column] ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;
  console.log([line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n'));
}

/** One line about the machine, for the record. */
export function machine() {
  const [cpu] = os.cpus();
  return `${cpu?.model.trim() ?? 'unknown CPU'}, ${os.cpus().length} cores, ${os.type()} ${os.arch()}, Node.js ${process.version}`;
}
