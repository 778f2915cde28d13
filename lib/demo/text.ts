import { styleText } from 'node:util'

export type Style = 'title' | 'heading' | 'label' | 'good' | 'bad' | 'curve'

/** A piece of a line in one style; without one, as it is. */
export type Span = { readonly text: string; readonly style?: Style }

export type Line = readonly Span[]

const FORMATS: Readonly<Record<Style, Parameters<typeof styleText>[0]>> = {
  title: ['bold', 'cyan'],
  heading: 'cyan',
  label: 'dim',
  good: 'green',
  bad: ['bold', 'red'],
  curve: 'blue',
}

/** What a log line or a label could use to write elsewhere on the screen. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/g

/** The line in at most `columns` characters, an ellipsis at the end if it was longer, without control characters. */
export function cut(line: Line, columns: number): Line {
  const fitted: Span[] = []
  let left = columns
  for (const span of line) {
    const text = span.text.replaceAll(CONTROL_CHARACTERS, ' ')
    if (text.length > left) return left < 1 ? fitted : [...fitted, { ...span, text: `${text.slice(0, left - 1)}…` }]
    fitted.push({ ...span, text })
    left -= text.length
  }
  return fitted
}

/** @param colours otherwise plain text */
export function paint(line: Line, colours: boolean): string {
  return line
    .map(({ text, style }) =>
      colours && style !== undefined ? styleText(FORMATS[style], text, { validateStream: false }) : text,
    )
    .join('')
}

/** Both texts in one line, the second one at its end. */
export function apart(left: Line, right: Line, columns: number): Line {
  const gap = columns - textOf(left).length - textOf(right).length
  return gap < 1 ? left : [...left, { text: ' '.repeat(gap) }, ...right]
}

export function textOf(line: Line): string {
  return paint(line, false)
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Three or four digits and a unit: `812 B`, `4.0 KiB`, `-96.1 MiB`. */
export function formatBytes(bytes: number): string {
  const size = Math.abs(bytes)
  const power =
    size < 1000 ? 0 : Math.min(Math.floor(Math.log(size * (1024 / 1000)) / Math.log(1024)), UNITS.length - 1)
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

/** `12,345`; a fraction is rounded away. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** Minutes and seconds: `0:07`. */
export function formatTime(seconds: number): string {
  const whole = Math.floor(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

const CURVE_STEPS = '▁▂▃▄▅▆▇█'

/** The last `width` values as a curve from 0 to the highest of them. */
export function curve(values: readonly number[], width: number): string {
  const shown = values.slice(Math.max(0, values.length - width))
  const highest = Math.max(...shown)
  const stepOf = (value: number) => Math.min(Math.floor((value / highest) * CURVE_STEPS.length), CURVE_STEPS.length - 1)
  return shown.map(value => CURVE_STEPS[highest > 0 ? stepOf(value) : 0]).join('')
}

/** A bar that is filled for `ratio` of its width, 0 to 1; what is not empty shows. */
export function bar(ratio: number, width: number): string {
  const filled = Math.min(width, Math.ceil(ratio * width))
  return '█'.repeat(filled) + '░'.repeat(width - filled)
}
