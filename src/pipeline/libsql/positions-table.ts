/** How far each partition is written, in the same database as the rows, so that one commit holds both. */
import type { Connection } from './connection.ts'

type Writer = { deployment: string; component: string }

export class PositionsTable {
  readonly #connection: Connection
  readonly #writer: Writer

  /** Makes the table `_sluice_positions` if it is not there. */
  constructor(connection: Connection, writer: Writer) {
    this.#connection = connection
    this.#writer = writer
    connection.exec(`CREATE TABLE IF NOT EXISTS _sluice_positions (
      deployment TEXT NOT NULL, component TEXT NOT NULL, partition TEXT NOT NULL, position INTEGER NOT NULL,
      PRIMARY KEY (deployment, component, partition)) STRICT, WITHOUT ROWID`)
  }

  /** The next position of a partition; 0 when nothing of it was written. To be called inside the transaction that writes. */
  read(partition: string): number {
    const row = this.#connection
      .prepare('SELECT position FROM _sluice_positions WHERE deployment = ? AND component = ? AND partition = ?')
      .get([this.#writer.deployment, this.#writer.component, partition])
    const position = typeof row === 'object' && row !== null && 'position' in row ? row.position : 0
    return typeof position === 'number' ? position : 0
  }

  write(partition: string, position: number): void {
    this.#connection
      .prepare(
        `INSERT INTO _sluice_positions VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET position = excluded.position`,
      )
      .run([this.#writer.deployment, this.#writer.component, partition, position])
  }
}
