/** What verbs that speak to a server have in common: their flags, and how their help shows examples. */
import type { Command } from 'commander'

export function addRemoteFlags(command: Command): Command {
  return command
    .option('--at <server>', 'URL, data folder or access file of the server (SLUICE_AT)')
    .option('--ca <file>', 'PEM file of the CA to trust, with a URL')
    .option('--json', 'print JSON')
}

/** The last part of a verb's help: how it is called, a line each, without the word `sluice`. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  sluice ${line}`)].join('\n')
}
