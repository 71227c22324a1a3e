/** Where messages go, as it lies under the sealing key, for its rotation. */
import { and, eq } from 'drizzle-orm'
import { type SealedItems, writersDone } from '../keys/mod.ts'
import { alertChannels } from '../store/mod.ts'
import { type ChannelsDeps, channelBinding } from './channels.ts'

export function sealedChannels({ db }: Pick<ChannelsDeps, 'db'>): SealedItems {
  return {
    count: () => db.$count(alertChannels),
    written: () => writersDone(db),
    async *items() {
      for (const { id, sealed } of await db.select().from(alertChannels)) {
        const same = and(eq(alertChannels.id, id), eq(alertChannels.sealed, sealed))
        yield {
          ...{ binding: channelBinding(id), sealed },
          replace: (moved) => db.update(alertChannels).set({ sealed: moved }).where(same),
        }
      }
    },
  }
}
