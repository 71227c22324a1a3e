/** What owners of a data tenant may ask in SQL. */
import {
  SQL_ANSWER_BYTES_MAX,
  SQL_HEAP_BYTES_MAX,
  SQL_ROWS_MAX,
  SQL_VALUES_MAX,
} from '../../../src/datasets/sql/answer-sql.ts'
import { SQL_MS_MAX, SQL_PROCESS_BYTES_MAX } from '../../../src/datasets/sql/ask-sql.ts'
import { STEPS_MAX } from '../../../src/datasets/sql/plan.ts'
import { SQL_AT_ONCE } from '../../../src/datasets/worker/data-desk.ts'
import { QUERIES_WAITING_MAX } from '../../../src/datasets/worker/query-turns.ts'
import { SQL_BYTES_MAX } from '../../../src/wire/dataset-sql.ts'
import { at, bytes, count, type Limit, time } from './amounts.ts'

export const SQL_LIMITS: readonly Limit[] = [
  [
    'a question',
    `${bytes(SQL_BYTES_MAX)}, and ${count(STEPS_MAX)} steps that it compiles to`,
    at('src/wire/dataset-sql.ts', 'SQL_BYTES_MAX'),
  ],
  [
    'its time',
    `${time(SQL_MS_MAX)}, after which its process is ended`,
    at('src/datasets/sql/ask-sql.ts', 'SQL_MS_MAX'),
  ],
  [
    'its memory',
    `${bytes(SQL_HEAP_BYTES_MAX)} of SQLite, ${bytes(SQL_PROCESS_BYTES_MAX)} of its process`,
    at('src/datasets/sql/answer-sql.ts', 'SQL_HEAP_BYTES_MAX'),
  ],
  [
    'its answer',
    `${count(SQL_ROWS_MAX)} rows, ${count(SQL_VALUES_MAX)} values, ${bytes(SQL_ANSWER_BYTES_MAX)} as JSON`,
    at('src/datasets/sql/answer-sql.ts', 'SQL_ROWS_MAX', 'SQL_ANSWER_BYTES_MAX'),
  ],
  [
    'questions at once',
    `one of a data tenant with ${QUERIES_WAITING_MAX} that wait, ${SQL_AT_ONCE} of all`,
    at('src/datasets/worker/data-desk.ts', 'SQL_AT_ONCE'),
  ],
]
