/** An export as a file that a browser keeps; it fails in the middle rather than end as if it were whole. */
import type { Bytes, Clock } from '../../base/mod.ts'
import type { Exported } from '../../datasets/mod.ts'
import type { ExportFormat } from '../../wire/mod.ts'
import { ReaderSilent } from '../errors.ts'

/** A reader that takes nothing for so long is taken for gone: an export holds one of a few places. */
export const READER_SILENT_MS = 120_000

const TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
}

/** `name`: of the dataset, which is fit to be a file's. */
export function exportAnswer(
  clock: Clock,
  exported: Exported,
  { name, format }: { name: string; format: ExportFormat },
): Response {
  return new Response(streamOf(clock, exported), {
    headers: {
      'cache-control': 'no-store',
      'content-type': TYPES[format],
      'content-disposition': `attachment; filename="${name}.${format}"`,
    },
  })
}

function streamOf(clock: Clock, { first, rest }: Exported): ReadableStream<Bytes> {
  // It is empty only where all of the file is.
  let isFirst = first.byteLength > 0
  let taken = new AbortController()
  const watch = (controller: ReadableStreamDefaultController<Bytes>): void => {
    taken = new AbortController()
    clock.sleep(READER_SILENT_MS, taken.signal).then(
      () => {
        controller.error(new ReaderSilent('the reader of an export took nothing any more'))
        return rest.return()
      },
      () => undefined,
    )
  }
  return new ReadableStream<Bytes>(
    {
      start: watch,
      async pull(controller) {
        taken.abort()
        const { done, value } = isFirst ? { done: false, value: first } : await rest.next()
        isFirst = false
        if (done) return controller.close()
        controller.enqueue(value ?? new Uint8Array())
        watch(controller)
      },
      async cancel() {
        taken.abort()
        await rest.return()
      },
    },
    { highWaterMark: 0 },
  )
}
