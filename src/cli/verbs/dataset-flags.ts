/** What verbs about one dataset have in common: its name, and in which data tenant it is. */
import type { Command } from 'commander'
import { DATASET, IN_DATA_TENANT } from '../datasets/named.ts'
import { addRemoteFlags } from './remote.ts'

export function addNamed(command: Command): Command {
  return addRemoteFlags(command).argument('<dataset>', DATASET).option('--data-tenant <data-tenant>', IN_DATA_TENANT)
}
