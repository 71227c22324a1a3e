/** `/v1/keys`, `/v1/recovery` and `/v1/backup`: keys with their age, their rotation, the recovery key, and a backup while all runs. */
import * as v from 'valibot'
import { recorded, type Trail } from '../audit/mod.ts'
import { type BackupSealing, PASSPHRASE_LENGTH_MIN } from '../backup/mod.ts'
import { type Bytes, Cancelled, type Clock, deferred, fromBase64url, type Random, rfc3339 } from '../base/mod.ts'
import type { SigningKey } from '../crypto/mod.ts'
import {
  type Keyring,
  type MasterKeySource,
  RecoveryKeyNotTaken,
  type RotationState,
  type Rotations,
  rotateMasterKey,
} from '../keys/mod.ts'
import { ApiRoutes } from './api.ts'
import { Instant } from './inputs.ts'

/** What a server has of keys: `backup` gives the bytes of a new one. */
export type ServerKeys = {
  keyring: Keyring
  rotations: Rotations
  masterSource: MasterKeySource
  /** Signs what this server says, its backups too. */
  signer: Pick<SigningKey, 'kid'>
  clock: Clock
  random: Random
  backup(sealing: BackupSealing): AsyncGenerator<Bytes, void>
}
/** Every act goes into `trail` before it is done. */
export type KeyRoutesDeps = { keys: ServerKeys; trail: Pick<Trail, 'record'> }

/** The master key among the names of keys; its rotation is another act than that of the others. */
export const MASTER = 'master'
const SUBJECT = 'keyring'

const KeyState = v.object({
  ...{ name: v.string(), about: v.string(), keys: v.number() },
  madeAt: v.nullable(Instant),
  state: v.picklist(['idle', 'rotating', 'interrupted']),
  ...{ done: v.number(), of: v.number(), failure: v.nullable(v.string()) },
})
const KeysView = v.object({
  /** `pending`: another master key is accepted beside it, and takes its place at the first start with it. */
  master: v.object({
    source: v.picklist(['file', 'value', 'command', 'systemd']),
    madeAt: Instant,
    pending: v.boolean(),
  }),
  /** `shown`: somebody has it. */
  recovery: v.object({ madeAt: v.nullable(Instant), shown: v.boolean() }),
  /** By its id the owner knows what this server signed: backups, the audit trail. */
  signing: v.object({ id: v.string() }),
  keys: v.array(KeyState),
})
export type KeysView = v.InferOutput<typeof KeysView>

/** 43 characters of base64url. */
const KeyText = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/, 'is no key: 43 characters of base64url'))
const Rotate = v.strictObject({ newKey: v.optional(KeyText) })
const Sealing = v.variant('kind', [
  v.strictObject({ kind: v.literal('recovery') }),
  v.strictObject({
    kind: v.literal('passphrase'),
    passphrase: v.pipe(v.string(), v.minLength(PASSPHRASE_LENGTH_MIN), v.maxLength(1_024)),
  }),
  v.strictObject({ kind: v.literal('key'), key: KeyText }),
])
export type SealingInput = v.InferOutput<typeof Sealing>

const NO_STORE = { 'cache-control': 'no-store' }

/** Mounted at the root of the API: three nouns that share their keys. */
export function keyRoutes(deps: KeyRoutesDeps): ApiRoutes {
  return new ApiRoutes('Keys')
    .get('/keys', { summary: 'Every key that is kept, with its age.', role: 'operator', answer: KeysView }, async () =>
      keysView(deps.keys),
    )
    .post(
      '/keys/:name/rotate',
      {
        summary: 'Rotates a key: `master` at once, another in the background; `newKey` is the owner’s own master key.',
        ...{ role: 'owner', fresh: true, params: v.object({ name: v.string() }), body: Rotate },
        ...{ answer: KeysView, status: 202 },
      },
      async ({ params: { name }, body: { newKey }, actor }) => {
        await rotateKey(deps, name, actor, newKey)
        return keysView(deps.keys)
      },
    )
    .post(
      '/recovery/renew',
      {
        summary: 'Makes a new recovery key and answers it, once; the one before opens nothing any more.',
        ...{ role: 'owner', fresh: true, answer: v.object({ recoveryKey: v.string() }) },
      },
      async ({ c, actor }) => {
        c.header('cache-control', NO_STORE['cache-control'])
        return { recoveryKey: await renewRecoveryKey(deps, actor) }
      },
    )
    .post(
      '/backup',
      {
        summary: 'A backup of all state, as one encrypted file; the owner’s own files are not in it.',
        ...{ role: 'owner', fresh: true, body: Sealing, file: 'application/octet-stream' },
      },
      async ({ body, actor }) => backupAnswer(deps, body, actor),
    )
}

export function keysView({ keyring, rotations, masterSource, signer }: ServerKeys): KeysView {
  const { madeAtMs, nextSet } = keyring.master()
  const recovery = keyring.recovery()
  return {
    master: { source: masterSource.kind, madeAt: rfc3339(madeAtMs), pending: nextSet },
    recovery: { madeAt: recovery.madeAtMs === undefined ? null : rfc3339(recovery.madeAtMs), shown: recovery.taken },
    signing: { id: signer.kid },
    keys: rotations.list().map(stateAsJson),
  }
}

/** Refuses `key.not_found`, `key.busy`, and for the master key what `rotateMasterKey` refuses. */
export async function rotateKey(
  { keys, trail }: KeyRoutesDeps,
  name: string,
  actor: string,
  newKey?: string,
): Promise<void> {
  const { keyring, rotations, masterSource: source, random } = keys
  if (name !== MASTER) {
    rotations.check(name)
    await recorded(trail, { actor, action: 'key.rotation_begun', subject: name }, async () => rotations.begin(name))
    return
  }
  const detail = { source: source.kind, given: newKey !== undefined }
  await recorded(trail, { actor, action: 'master_key.rotated', subject: SUBJECT, detail }, () =>
    rotations.whileStill(() => rotateMasterKey({ keyring, source, next: newKey, random })),
  )
}

/** The new recovery key, for one pair of eyes. Refuses `master_key.pending`. */
export function renewRecoveryKey({ keys, trail }: KeyRoutesDeps, actor: string): Promise<string> {
  return recorded(trail, { actor, action: 'recovery_key.renewed', subject: SUBJECT }, () =>
    keys.rotations.whileStill(() => keys.keyring.renewRecoveryKey()),
  )
}

/**
 * A backup as an answer that is written while it is read. What can fail at its beginning is refused as any request is: `key.busy`,
 * `recovery_key.not_taken`, `backup.passphrase_unfit`, `store.disk_full`.
 */
export async function backupAnswer(deps: KeyRoutesDeps, sealing: SealingInput, actor: string): Promise<Response> {
  const { keys, trail } = deps
  const detail = { opened_by: sealing.kind }
  const [begins, ends] = [deferred<BegunBackup>(), deferred<void>()]
  // The act lasts as long as its answer: what was not read to its end is no backup.
  const act = recorded(trail, { actor, action: 'backup.made', subject: SUBJECT, detail }, async () => {
    begins.resolve(await begun(keys, sealing))
    await ends.promise
  })
  act.catch(begins.reject)
  const backup = await begins.promise
  const fail = async (error: unknown): Promise<void> => {
    await backup.leave()
    ends.reject(error)
    await act.catch(() => undefined)
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await backup.next()
          if (!done) return controller.enqueue(value)
          ends.resolve()
          await act
          controller.close()
        } catch (error) {
          await fail(error)
          controller.error(error)
        }
      },
      cancel: () => fail(new Cancelled('whoever asked for the backup left')),
    },
    { highWaterMark: 0 },
  )
  const name = `sluice-${rfc3339(keys.clock.now()).replace(/[:.]/g, '-')}.backup`
  return new Response(stream, {
    headers: {
      ...NO_STORE,
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${name}"`,
    },
  })
}

/** A backup whose beginning is made; no key is rotated until its end, whichever it is. */
type BegunBackup = { next(): Promise<IteratorResult<Bytes, void>>; leave(): Promise<void> }

async function begun(keys: ServerKeys, sealing: SealingInput): Promise<BegunBackup> {
  const release = keys.rotations.hold()
  try {
    const bytes = keys.backup(sealingOf(keys, sealing))
    let first: IteratorResult<Bytes, void> | undefined = await bytes.next()
    return {
      async next() {
        const result = first ?? (await bytes.next())
        first = undefined
        if (result.done) release()
        return result
      },
      async leave() {
        await bytes.return()
        release()
      },
    }
  } catch (error) {
    release()
    throw error
  }
}

function sealingOf({ keyring }: ServerKeys, sealing: SealingInput): BackupSealing {
  if (sealing.kind === 'passphrase') return sealing
  if (sealing.kind === 'key') return { kind: 'key', key: fromBase64url(sealing.key) }
  if (!keyring.recovery().taken) throw new RecoveryKeyNotTaken('nobody has the recovery key of this server yet')
  return { kind: 'recovery', publicKey: keyring.recoveryPublicKey() }
}

function stateAsJson({ madeAtMs, failure, ...state }: RotationState): v.InferOutput<typeof KeyState> {
  return { ...state, madeAt: madeAtMs === undefined ? null : rfc3339(madeAtMs), failure: failure ?? null }
}
