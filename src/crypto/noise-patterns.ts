/** The handshake patterns of Noise (revision 34, §7.4 and §9) that Sluice speaks, as tables. */

/** One step of a message (§7.1). */
export type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss' | 'psk'

/** A pattern as data. */
export type Pattern = {
  /** Static keys that both know beforehand: `initiator` means the responder knows the initiator's. */
  readonly known: readonly ('initiator' | 'responder')[]
  /** Sides that have a static key at all. */
  readonly statics: readonly ('initiator' | 'responder')[]
  readonly usesPsk: boolean
  /** The initiator writes the first message, the responder the second. */
  readonly messages: readonly [readonly Token[], readonly Token[]]
}

/** A pattern by its name in Noise. */
export type PatternName = 'NN' | 'KK' | 'NNpsk0' | 'KKpsk0' | 'IKpsk2'

const BOTH = ['initiator', 'responder'] as const

/** Bridges use KKpsk0; the others are here because the published vectors have them, and a wrong step in one shows in all. */
export const PATTERNS: Readonly<Record<PatternName, Pattern>> = {
  NN: { known: [], statics: [], usesPsk: false, messages: [['e'], ['e', 'ee']] },
  KK: {
    known: BOTH,
    statics: BOTH,
    usesPsk: false,
    messages: [
      ['e', 'es', 'ss'],
      ['e', 'ee', 'se'],
    ],
  },
  NNpsk0: {
    known: [],
    statics: [],
    usesPsk: true,
    messages: [
      ['psk', 'e'],
      ['e', 'ee'],
    ],
  },
  KKpsk0: {
    known: BOTH,
    statics: BOTH,
    usesPsk: true,
    messages: [
      ['psk', 'e', 'es', 'ss'],
      ['e', 'ee', 'se'],
    ],
  },
  IKpsk2: {
    known: ['responder'],
    statics: BOTH,
    usesPsk: true,
    messages: [
      ['e', 'es', 's', 'ss'],
      ['e', 'ee', 'se', 'psk'],
    ],
  },
}
