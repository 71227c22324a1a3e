/**
 * The frame of a channel: a header of 16 bytes in the clear, which the seal authenticates, and the sealed payload.
 * `type 1 ‖ flags 1 ‖ epoch 2 ‖ payload length 4 ‖ counter 8`, big-endian. The epoch counts key rotations and is 0 until there are any.
 */
import type { Bytes } from '../base/mod.ts'

export const HEADER_BYTES = 16
export const TAG_BYTES = 16
/** A frame with header and tag. 64 KiB to 1 MiB are equally fast; 16 KiB is slower. */
export const FRAME_BYTES_MAX = 262_144
export const PAYLOAD_BYTES_MAX = FRAME_BYTES_MAX - HEADER_BYTES - TAG_BYTES

/** 0x10 to 0x1f are reserved for key rotation: a peer that sends one today breaks the channel. */
export const FrameType = {
  /** The first frame of each end: protocol version and the sender's incarnation. */
  open: 0x01,
  /** A part of a batch. */
  batch: 0x02,
  /** Batches that are durably done, and how far the sender may go. */
  acknowledgement: 0x03,
  /** There will be no more batches; acknowledged like one. */
  end: 0x04,
  /** How far the sender may go. */
  credit: 0x05,
  /** The end that sends it closes on purpose. */
  close: 0x06,
  /** Nothing to say, still here. */
  alive: 0x07,
} as const
export type FrameType = (typeof FrameType)[keyof typeof FrameType]

/** On batch frames: the first and the last part. */
export const FLAG_FIRST = 0x01
export const FLAG_LAST = 0x02

export type FrameHeader = { type: number; flags: number; epoch: number; payloadBytes: number; counter: number }
export type Frame = { type: number; flags: number; payload: Bytes }

export function writeHeader(header: FrameHeader): Bytes {
  const bytes = new Uint8Array(HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, header.type)
  view.setUint8(1, header.flags)
  view.setUint16(2, header.epoch)
  view.setUint32(4, header.payloadBytes)
  view.setBigUint64(8, BigInt(header.counter))
  return bytes
}

/** The header of a message of at least `HEADER_BYTES`. */
export function readHeader(message: Bytes): FrameHeader {
  const view = new DataView(message.buffer, message.byteOffset, HEADER_BYTES)
  return {
    type: view.getUint8(0),
    flags: view.getUint8(1),
    epoch: view.getUint16(2),
    payloadBytes: view.getUint32(4),
    counter: Number(view.getBigUint64(8)),
  }
}

/** The nonce of a frame, as Noise has it for AES-GCM (revision 34, §12.4): 32 zero bits, then the counter. */
export function nonceOf(counter: number): Bytes {
  const nonce = new Uint8Array(12)
  new DataView(nonce.buffer).setBigUint64(4, BigInt(counter))
  return nonce
}
