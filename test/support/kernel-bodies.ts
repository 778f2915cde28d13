import type { Random } from './kernel-random.ts'

/** A line of a body, in the parts that mutations change one by one. */
type Line = { key: string; gap: string; value: string; tail: string }

/** Which odd things may come up, beside the plain series that always do. */
export type BodyOptions = { readonly timestamps: boolean; readonly garbage: boolean }

const MODES = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user']
const GARBAGE = ['{', '}', '"', ',', '=', '\\', '#', ' ', '\t', '\r', 'a', 'b', '_', ':', '1', '.', 'e', '-', 'é', '\0']
/** Names that have a meaning of their own somewhere on the way. */
const NAMES = [
  'up',
  'scrape_samples_scraped',
  'scrape_other',
  'upper',
  '__name__',
  '9lives',
  'a:b:c',
  '.',
  'größe',
  '😀',
]
const KEYS: readonly string[] = [
  'up{a=""}',
  'up{job="x"}',
  'clash{instance="inner"}',
  'clash{instance=""}',
  'clash{exported_instance="a",instance="b"}',
  'clash{exported_job="a",job="b",exported_exported_job="c"}',
  'named{__name__="other"}',
  'named{__name__=""}',
  'internal{__tmp="x",a="b"}',
  'twice{a="1",a="2"}',
  'twice{a="",a="2"}',
  'empty{a="",b="",c="d"}',
  'nothing{}',
  'nothing_spaces{  }',
  'spaced {a="b"}',
  'spaced\t{ a = "b" ,\tc\t=\t"d" , }',
  'commas{a="b",}',
  'escaped{a="\\"",b="\\\\",c="\\n",d="\\x"}',
  'braces{a="}{",b="# ",c=","}',
  'unicode{a="größe → 😀",ключ="значение"}',
  '{"quoted.name",a="b"}',
  '{a="b","quoted name"}',
  'half{"quoted.label"="x",b="y"}',
  '{"two","names"}',
  'both{"name"}',
  '{a="b"}',
  '{}',
  'open{a="b"',
  'unquoted{a=b}',
  'nocomma{a="b"c="d"}',
  'odd{a b="c"}',
  'odd{a=b="c"}',
  'odd{="c"}',
  'two words{a="b"}',
  'two words',
  'hash#name',
  'hash#{a="b"}',
  'hash#{a="b c"}',
  'noise{drop="yes"}',
  'noise{drop="yes",n="2"}',
]
const VALUES: readonly string[] = [
  ...['0', '1', '-0', '+1', '007', '1.', '.5', '-.5e-3', '1e5', '1E+05', '1e-400', '1e400', '-1e400', '5e-324'],
  ...['NaN', 'nan', '-NaN', '+Inf', '-Inf', 'inf', 'Infinity', '-infinity', '9007199254740993', '1_000'],
  ...[
    '123456789012345678901234567890',
    '0.1234567890123456789012345',
    '1.7976931348623157e308',
    '2.2250738585072011e-308',
  ],
]
const BAD_VALUES = ['x', '-', '1e', '1.2.3', '0x1F', '1__0', '_1', 'e5', '--1', '1,5', 'Nano', '{}', '"1"']
const TIMES = [
  '0',
  '1',
  '-1',
  '1700000000',
  '1700000000.123',
  '1700000000123',
  '2147483647',
  '2147483648',
  '-2147483648',
]
const ODD_TIMES = [
  '-62135596800000',
  '4398046511103',
  '4398046511104',
  '34359738367',
  '34359738368',
  '1e18',
  '1e30',
  'NaN',
]
const BAD_TIMES = ['x', '1 2', '1x', '"']

/** A target whose body changes from scrape to scrape, in any way that bodies can. */
export class RandomBody {
  readonly #random: Random
  readonly #options: BodyOptions
  readonly #linesMax: number
  #lines: Line[]
  #made = 0
  #endsWithoutFeed = false

  constructor(random: Random, series: number, options: BodyOptions) {
    this.#random = random
    this.#options = options
    this.#linesMax = series * 2 + 20
    this.#lines = Array.from({ length: series }, () => this.#newLine())
  }

  text(): string {
    let text = ''
    for (const line of this.#lines) text += `${line.key}${line.gap}${line.value}${line.tail}\n`
    return this.#endsWithoutFeed ? text.slice(0, -1) : text
  }

  /** New values, and nothing else changes. */
  tick(): void {
    const random = this.#random
    for (const line of this.#lines) {
      if (line.value !== '' && random.once(2)) line.value = this.#plainValue()
    }
  }

  /** One change of structure, or of form. */
  mutate(): void {
    const random = this.#random
    const lines = this.#lines
    const at = random.below(lines.length + 1)
    const few = random.between(1, random.pick([12, 12, 12, 200, lines.length + 1]))
    // Bodies neither grow nor shrink for ever.
    const change = lines.length > this.#linesMax ? 1 : lines.length < this.#linesMax / 8 ? 0 : random.below(14)
    switch (change) {
      case 0:
        lines.splice(at, 0, ...Array.from({ length: few }, () => this.#newLine()))
        break
      case 1:
        lines.splice(at, few)
        break
      case 2:
        for (const line of lines.slice(at, at + few)) line.key = this.#newKey()
        break
      case 3:
        this.#move(lines.splice(at, few))
        break
      case 4:
        this.#move(lines.slice(at, at + few).map(line => ({ ...line })))
        break
      case 5:
        if (random.once(6)) random.shuffle(lines)
        else this.#swap()
        break
      case 6:
        for (const line of lines.slice(at, at + few)) this.#respace(line)
        break
      case 7:
        for (const line of lines.slice(at, at + few)) this.#revalue(line)
        break
      case 8:
        for (const line of lines.slice(at, at + few)) this.#retail(line)
        break
      case 9:
        this.#toCrlf()
        break
      case 10:
        lines.splice(at, 0, ...Array.from({ length: Math.min(few, 20) }, () => this.#comment()))
        break
      case 11:
        this.#cutLine()
        break
      case 12:
        this.#endsWithoutFeed = random.once(4) && lines.length > 0
        break
      case 13:
        if (random.once(8)) this.#lines = random.once(2) ? [] : lines.slice(0, 1)
        else this.#oddLine(at)
        break
    }
  }

  #newLine(): Line {
    const random = this.#random
    if (random.once(40)) return this.#comment()
    const line = { key: this.#newKey(), gap: ' ', value: this.#plainValue(), tail: '' }
    if (random.once(20)) this.#revalue(line)
    if (random.once(this.#options.timestamps ? 10 : 100)) this.#retail(line)
    return line
  }

  #newKey(): string {
    const random = this.#random
    const id = this.#made++
    if (random.once(25)) return random.pick(KEYS)
    if (random.once(50)) return random.pick(NAMES)
    if (random.once(400)) return `long{id="${id}",text="${'long '.repeat(random.between(100, 5000))}"}`
    switch (random.below(6)) {
      case 0:
        return `metric_${id}`
      case 1:
        return `node_cpu_seconds_total{cpu="${id >> 3}",mode="${MODES[id & 7]}"}`
      case 2:
        return `node_filesystem_avail_bytes{device="/dev/sd${id}",device_error="",fstype="ext4",mountpoint="/var/${id}"}`
      case 3:
        return `http_requests_bucket{code="200",handler="/api/v1/items/{id}",pod="${id.toString(36)}",le="0.5"}`
      case 4:
        return `rack{text="\\"${id}\\" of C:\\\\größe",zone="z"}`
      default:
        return `short{i="${id}"}`
    }
  }

  #plainValue(): string {
    const random = this.#random
    switch (random.below(5)) {
      case 0:
        return String(random.below(10))
      case 1:
        return String(random.below(1e9))
      case 2:
        return (random.below(1e9) / 1000).toString()
      case 3:
        return (random.below(1e9) * 1e-12).toExponential()
      default:
        return String(-random.below(1e6) / 64)
    }
  }

  /** A comment or an empty line. */
  #comment(): Line {
    const forms = ['# HELP a b', '#', '# {"', '', ' ', '\t# x', '#\r', '\r']
    return { key: this.#random.pick(forms), gap: '', value: '', tail: '' }
  }

  #respace(line: Line): void {
    const random = this.#random
    line.gap = random.pick([' ', '  ', '\t', ' \t ', line.key.endsWith('}') ? '' : ' '])
    const blanks = random.pick([' ', '\t', '  '])
    const isInside = random.once(3)
    line.key = isInside ? line.key.replace(/[{,]/, `$&${blanks}`) : blanks + line.key.trimStart()
  }

  #revalue(line: Line): void {
    line.value = this.#random.pick(this.#options.garbage && this.#random.once(4) ? BAD_VALUES : VALUES)
  }

  #retail(line: Line): void {
    const random = this.#random
    const times = random.once(3) ? ODD_TIMES : TIMES
    const time = this.#options.garbage && random.once(10) ? random.pick(BAD_TIMES) : random.pick(times)
    line.tail = random.pick(['', ' ', '\t', ` ${time}`, `\t${time} `, `  ${time}`, ' # {a="b"} 1', ` ${time}# x`, '\r'])
  }

  #toCrlf(): void {
    const isCrlf = this.#lines[0]?.tail === '\r'
    for (const line of this.#lines) line.tail = isCrlf ? '' : '\r'
  }

  #swap(): void {
    const lines = this.#lines
    if (lines.length < 2) return
    const at = this.#random.below(lines.length - 1)
    ;[lines[at], lines[at + 1]] = [lines[at + 1]!, lines[at]!]
  }

  #move(lines: Line[]): void {
    this.#lines.splice(this.#random.below(this.#lines.length + 1), 0, ...lines)
  }

  /** The body ends anywhere within its last line. */
  #cutLine(): void {
    const line = this.#lines.pop()
    if (line === undefined) return
    const text = line.key + line.gap + line.value + line.tail
    this.#lines.push({ key: text.slice(0, this.#random.below(text.length + 1)), gap: '', value: '', tail: '' })
  }

  #oddLine(at: number): void {
    if (!this.#options.garbage) return
    const random = this.#random
    const text = Array.from({ length: random.between(1, 20) }, () => random.pick(GARBAGE)).join('')
    const before = this.#lines[at]
    const part = random.pick(['key', 'tail', 'line'] as const)
    if (before === undefined || part === 'line') this.#lines.splice(at, 0, { key: text, gap: '', value: '', tail: '' })
    else before[part] += text
  }
}
