// PM2: pm2 start ecosystem.config.cjs, from the root of the workspace.
module.exports = {
  apps: [
    {
      name: 'nx-proof-trust',
      script: require.resolve('nx-proof/package.json').replace(/package\.json$/, 'dist/src/cli/nx-proof.js'),
      args: ['trust', 'refresh', '--watch', '--plain', '--log-format', 'json'],
      cwd: process.cwd(),
      // The process says "ready" once a trust root could be used, and ends in order on SIGINT.
      wait_ready: true,
      listen_timeout: 60_000,
      kill_timeout: 10_000,
      max_memory_restart: '256M',
      exp_backoff_restart_delay: 1000,
    },
  ],
};
