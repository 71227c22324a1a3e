/** Why the rest of a document cannot be read. What was read before it stands. */
import { AppError } from '../../base/mod.ts'

/** The rest of a document cannot be read. `line` is where that was seen, from 1; 0 where bytes have no lines yet, being compressed. */
export abstract class DocumentRefused extends AppError {
  readonly line: number
  /** What is wrong and what was expected, without the line; never content beyond a few characters. */
  readonly reason: string
  constructor(line: number, reason: string, options?: ErrorOptions) {
    super(line === 0 ? reason : `line ${line}: ${reason}`, options)
    this.line = line
    this.reason = reason
  }
}

/** The document is not well-formed: not XML, JSON or CSV as its format has it. */
export class DocumentMalformed extends DocumentRefused {
  override readonly code = 'document.malformed' as const
  override readonly advice = 'Send the file as the tool wrote it, with the content type of its format.'
}

/** The document is well-formed, and not of the format that it was sent as. */
export class DocumentUnexpected extends DocumentRefused {
  override readonly code = 'document.unexpected' as const
  override readonly advice =
    'Send JUnit XML, CTRF, CSV, JSON, NDJSON or an export of Jira, with the content type of its format.'
}

/** The document ends in the middle: it was cut off, or its compressed form was. */
export class DocumentTruncated extends DocumentRefused {
  override readonly code = 'document.truncated' as const
  override readonly advice = 'Send it again, whole.'
}

/** XML with a document type declaration: entities of one's own can grow without end or read other files. */
export class DocumentTypeForbidden extends DocumentRefused {
  override readonly code = 'document.doctype_forbidden' as const
  override readonly advice = 'Remove the DOCTYPE and what it declares; no test tool needs one.'
}

/** Bytes that are not text of the encoding that the document has, where they leave nothing to go on with. */
export class DocumentNotText extends DocumentRefused {
  override readonly code = 'document.not_text' as const
  override readonly advice = 'Send UTF-8 or UTF-16, or XML that declares its encoding.'
}

/** An encoding, of bytes or of text, that this host or this program cannot read. */
export class DocumentEncodingUnsupported extends DocumentRefused {
  override readonly code = 'document.encoding_unsupported' as const
  override readonly advice = 'Send it as it is or compressed by gzip, in UTF-8.'
}

/** Larger than a document may be, once its compression is undone; or it grows more than any honest document does. */
export class DocumentTooLarge extends DocumentRefused {
  override readonly code = 'document.too_large' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Send it in several documents.'
}

/** A part that must be held in memory at once is longer, wider or more deeply nested than it may be. */
export class DocumentPartTooLarge extends DocumentRefused {
  override readonly code = 'document.part_too_large' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Look at the named line: tools do not write such things.'
}
