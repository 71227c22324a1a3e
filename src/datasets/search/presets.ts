/** Which fields are searched by their words until an owner decides. */
import type { Shape } from '../../wire/mod.ts'

/**
 * What people look for by its words. Fields of one shape here are of one class, so that no answer to the uncleared depends, not even in
 * the time that it takes, on what they may not see. What a table's columns are nobody knows but its owner.
 */
export const SEARCHED_FIELDS: Readonly<Record<Shape, readonly string[]>> = {
  'test-results': ['suite', 'name', 'message'],
  issues: ['key', 'summary', 'description'],
  reviews: ['title', 'text', 'reply'],
  table: [],
}
