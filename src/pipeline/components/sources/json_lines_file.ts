/** Records of files with one JSON object a line. Lines that nothing looks at stay bytes; one that does not parse is refused by whoever decodes it. */
import * as v from 'valibot'
import { AppError } from '../../../base/mod.ts'
import { BATCH_RECORDS_MAX } from '../../batch.ts'
import { defineSource } from '../../component.ts'
import type { EncodedJsonLines } from '../../encoded.ts'
import { ANY_FIELDS } from '../../fields.ts'
import { type FileFormat, openFileSource } from '../../file-source.ts'
import { scanJsonLines } from '../../json-lines.ts'

/** A path of the config matches no file; `item` is that path. */
class JsonLinesFileMissing extends AppError {
  override readonly code = 'json_lines_file.file_missing' as const
  override readonly kind = 'not_found' as const
  override readonly advice =
    'Check `paths` of the component, and that the file is on the Runtime that the component runs on.'
  readonly item: string
  constructor(item: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.item = item
  }
}

/** The paths match more files than one source keeps the positions of: 65,536; `item` is the one that is too much. */
class JsonLinesFileTooMany extends AppError {
  override readonly code = 'json_lines_file.too_many_files' as const
  override readonly advice = 'Share the files among several components, or move away those that were read.'
  readonly item: string
  constructor(item: string, message: string) {
    super(message)
    this.item = item
  }
}

const JsonLinesFileConfig = v.strictObject({
  paths: v.pipe(
    v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(4_096))),
    v.minLength(1),
    v.maxLength(256),
    v.description('Files to read, in this order; `*`, `?` and `**` match many, in alphabetical order.'),
  ),
})

const format: FileFormat = {
  scan: (bytes, final) => scanJsonLines(bytes, final, BATCH_RECORDS_MAX),
  encode: (gathered): EncodedJsonLines => ({ ...gathered, format: 'json_lines' }),
}

/** The source type `json_lines_file`, the twin of the sink of that name. */
export const jsonLinesFileSource = defineSource({
  type: 'json_lines_file',
  summary: 'Reads records from files with one JSON object a line.',
  config: JsonLinesFileConfig,
  example: { paths: ['/data/in/*.jsonl'] },
  touches: (config) => ({ paths: config.paths }),
  fields: () => ANY_FIELDS,
  open: (config, context) =>
    openFileSource({
      paths: config.paths,
      context,
      begin: async () => format,
      errors: { Missing: JsonLinesFileMissing, TooMany: JsonLinesFileTooMany },
      overlongCode: 'json_lines_file.line_too_long',
    }),
})
