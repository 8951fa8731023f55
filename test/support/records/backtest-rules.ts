// Rules for backtests of made recordings.

export const BACKTEST_RULES = `
- rule: Shadow read
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow and proc.name != sshd
  output: "%fd.name by %proc.name in %container.id %container.name"
  priority: WARNING
- rule: Any open of a shell's child
  desc: d
  condition: evt.type in (open, openat) and proc.aname in (bash, sh)
  output: "%proc.cmdline"
  priority: INFO
- rule: Not web
  desc: d
  condition: evt.type in (connect, unlink) and container.id != host and container.name != web
  output: "%container.name"
  priority: INFO
- rule: In web
  desc: d
  condition: evt.type = connect and container.name = web
  output: "%container.name"
  priority: INFO
- rule: By no service
  desc: d
  condition: evt.type = setuid and not session.kind = other and (session.user = root or container.id = host)
  output: "%session.kind %session.id"
  priority: INFO
- rule: Removed
  desc: d
  condition: evt.type in (unlink, unlinkat)
  output: "%fs.path.name"
  priority: INFO
`;
