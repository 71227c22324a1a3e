/** Texts of others made safe to show: what steers a terminal, hides, or turns the reading order around becomes visible. */

/**
 * Control and format characters, line and paragraph separators: escapes, DEL, C1, zero-width, bidi overrides (Unicode 16 §23); and
 * what is drawn as nothing, of which some, as U+3164, are names in code.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** One field: every such character, line ends and tabs as well, becomes `\u{1b}` and the like. Other text stays as it is. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped)
}

/** Text that is laid out already: the same, but its own line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  )
}
