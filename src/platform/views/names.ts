/** Reasons name other Runtimes by their ids, as messages do; people know them by their names. */

/** The item of a reason, with the name of each Runtime of the tenant in place of its id. */
export function named(item: string, runtimes: readonly { id: string; name: string }[]): string {
  return item.replace(/\brt_[0-9a-f-]{36}/g, (id) => runtimes.find((runtime) => runtime.id === id)?.name ?? id)
}
