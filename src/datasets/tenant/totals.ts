/** How many records and imports datasets have more, gathered over a transaction and written once at its end. */
import type { DataDatabase } from '../../store/mod.ts'

type More = { records: number; imports: number }

export class Totals {
  readonly #more = new Map<number, More>()

  add(datasetNo: number, { records = 0, imports = 0 }: Partial<More>): void {
    const more = this.#more.get(datasetNo) ?? { records: 0, imports: 0 }
    this.#more.set(datasetNo, { records: more.records + records, imports: more.imports + imports })
  }

  /** Those whose records or imports have changed. */
  get datasets(): number[] {
    return [...this.#more.keys()]
  }

  /** Within the transaction. */
  write(db: DataDatabase): void {
    for (const [no, { records, imports }] of this.#more) {
      db.run('UPDATE datasets SET records = records + ?, imports = imports + ? WHERE no = ?', [records, imports, no])
      for (const follows of ['searches', 'dataset_indexes'])
        db.run(`UPDATE ${follows} SET due = 1 WHERE dataset = ?`, [no])
    }
  }
}
