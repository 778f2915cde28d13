import { createLogger, LOGGER_DEFAULTS, type Logger } from '../control/log.ts'
import type { Figures } from './figures.ts'
import { Screen, type Terminal } from './screen.ts'
import { type Frame, renderPlain, renderSummary, renderView } from './view.ts'

/** Lines of the log that are shown below the figures. */
const LOG_LINES = 3

/** What does not change while the demo runs. */
export type Setting = Pick<Frame, 'secondsMax' | 'url'>

/** Where the demo is shown. */
export interface Display {
  /** For the agent. */
  readonly logger: Logger
  show(figures: Figures, setting: Setting, isStopping: boolean): void
  /** Shows how it went. @param figures undefined if the demo never ran */
  close(figures: Figures | undefined): void
}

/** On a terminal: a view of all figures that stays in its place. */
export class ScreenDisplay implements Display {
  readonly logger: Logger
  readonly #screen: Screen
  readonly #log: string[] = []
  #last: { figures: Figures; setting: Setting; isStopping: boolean } | undefined

  constructor(terminal: Terminal) {
    this.logger = createLogger(LOGGER_DEFAULTS, { write: line => this.#note(line), nowMs: Date.now })
    this.#screen = new Screen(terminal, () => this.#draw())
  }

  show(figures: Figures, setting: Setting, isStopping: boolean): void {
    this.#last = { figures, setting, isStopping }
    this.#draw()
  }

  /** The last view stays on the terminal, above the summary. */
  close(figures: Figures | undefined): void {
    if (figures !== undefined && this.#last !== undefined) this.#last = { ...this.#last, figures, isStopping: false }
    const last = figures === undefined ? this.#log : ['', ...renderSummary(figures)]
    this.#screen.close([...this.#lines(), ...last.map(text => [{ text }])])
  }

  #note(line: string): void {
    this.#log.push(line)
    if (this.#log.length > LOG_LINES) this.#log.shift()
  }

  #draw(): void {
    this.#screen.draw(this.#lines())
  }

  #lines() {
    if (this.#last === undefined) return []
    const { figures, setting, isStopping } = this.#last
    const { columns, rows } = this.#screen
    return renderView(figures, { ...setting, columns, rows, isStopping, log: this.#log })
  }
}

/** Elsewhere: one line each time, and the log on standard error as ever. */
export class PlainDisplay implements Display {
  readonly logger = createLogger(LOGGER_DEFAULTS)
  readonly #output: NodeJS.WritableStream

  constructor(output: NodeJS.WritableStream) {
    this.#output = output
  }

  show(figures: Figures): void {
    this.#output.write(`${renderPlain(figures)}\n`)
  }

  close(figures: Figures | undefined): void {
    if (figures !== undefined) this.#output.write(`${renderSummary(figures).join('\n')}\n`)
  }
}
