/** A document as it was uploaded, as a file that a browser keeps and never shows. */
import type { RawDocument } from '../../datasets/mod.ts'

const ENDINGS: Readonly<Record<string, string>> = { gzip: '.gz', zstd: '.zst' }

export function documentAnswer({ fileName = 'document', encoding, content }: RawDocument): Response {
  const name = `${fileName}${ENDINGS[encoding] ?? ''}`
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await content.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await content.return()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(stream, {
    headers: {
      'cache-control': 'no-store',
      'content-type': 'application/octet-stream',
      // RFC 6266; no byte of a foreign name stands in the header as it is.
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, percent)}`,
    },
  })
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
