/** The flags of every verb that speaks to a server. */
import type { Command } from 'commander'

export function addRemoteFlags(command: Command): Command {
  return command
    .option('--at <server>', 'URL, data folder or access file of the server (SLUICE_AT)')
    .option('--ca <file>', 'PEM file of the CA to trust, with a URL')
    .option('--json', 'print JSON')
}
