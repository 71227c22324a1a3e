import { expect, test } from 'bun:test'
import {
  WAITING_MAX,
  WAITING_OF_TENANT_FREE,
  WAITING_OF_TENANT_MAX,
  WaitingRoom,
} from '../../../src/datasets/intake/waiting-room.ts'
import { refusalOf } from '../../support/refusal.ts'

test('a tenant has a quarter of the room at most, and every tenant a little though others have all of it', async () => {
  const room = new WaitingRoom()
  const enter = (own: number) => refusalOf(async () => room.enter(own))
  room.enter(WAITING_OF_TENANT_MAX - 1)
  expect(await enter(WAITING_OF_TENANT_MAX)).toBe('upload.no_room')
  room.found(WAITING_MAX - 2)
  room.enter(WAITING_OF_TENANT_FREE)
  expect(await enter(WAITING_OF_TENANT_FREE)).toBe('upload.no_room')
  room.enter(WAITING_OF_TENANT_FREE - 1)
  room.leave(2)
  room.enter(WAITING_OF_TENANT_FREE)
})
