/** Plain text that YAML 1.1 or 1.2 takes for something else than a string. */
const OTHER_TYPES: readonly RegExp[] = [
  /^(?:~|null|Null|NULL)?$/,
  /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|true|True|TRUE|false|False|FALSE)$/,
  /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[\da-fA-F_]+|\d[\d_]*(?::[0-5]?\d)*(?:\.\d*)?)$/,
  /^[-+]?(?=[\d.eE])(?:\d[\d_]*)?(?:\.[\d_]*)?(?:[eE][-+]?\d+)?$/,
  /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/,
  /^\d{4}-\d\d?-\d\d?(?:[Tt\s].*)?$/,
  /^<<$|^=$/,
]

/** Characters that no plain or single-quoted text on one line may hold. */
const UNPRINTABLE = /[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]|[\u2028\u2029]/u
/** What a plain text must not begin with, hold or end with. */
const NOT_PLAIN = /^[,[\]{}#&*!|>'"%@`]|^[-?:](?:\s|$)|^---|^\.\.\.|:(?:\s|$)|\s#|^\s|\s$/
const NOT_PLAIN_IN_FLOW = /^[-?:]|[,?[\]{}:]/

/** A string as a YAML scalar on one line, of block style: plain where that means the same. */
export function writeScalar(text: string): string {
  return needsEscapes(text) ? escaped(text) : NOT_PLAIN.test(text) ? quote(text) : text
}

/** Likewise, for an item of a list in brackets. */
export function writeFlowScalar(text: string): string {
  return !needsEscapes(text) && NOT_PLAIN_IN_FLOW.test(text) ? quote(text) : writeScalar(text)
}

/** Of what could stay plain, vmagent puts that in double quotes which would be read as another type. */
function needsEscapes(text: string): boolean {
  return UNPRINTABLE.test(text) || OTHER_TYPES.some(type => type.test(text))
}

/** JSON keeps the separators of lines and paragraphs as they are, which would end the line. */
function escaped(text: string): string {
  const json = JSON.stringify(text.toWellFormed())
  return json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
