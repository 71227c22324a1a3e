/** The last entry of a backup: all others, and what they are. A backup without it, or with other entries than it names, is not whole. */
import * as v from 'valibot'

export const MANIFEST_PATH = 'backup-manifest.json'
/** The keyring's text, and what opens it wrapped under the backup's own key. */
export const KEYRING_PATH = 'backup-keyring.json'

const Name = v.pipe(v.string(), v.maxLength(256))

export const Manifest = v.strictObject({
  /** What people called the server. */
  name: Name,
  entries: v.array(v.strictObject({ path: Name, bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) })),
  /** `folder` below the data folder; the key's id. */
  databases: v.array(v.strictObject({ folder: Name, name: Name, id: Name })),
  /** Ids of journals by whose positions others count. */
  toldJournals: v.array(Name),
})
export type Manifest = v.InferOutput<typeof Manifest>

export const KeyringCopy = v.strictObject({ text: v.string(), wrappedKey: v.string() })
