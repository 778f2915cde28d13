import { writeSync } from 'node:fs'
import { type Line, paint } from './text.ts'

/*
 * Control sequences (ECMA-48, and the private modes that xterm began). A terminal that does not know synchronized
 * updates ignores them; with them it shows a frame when all of it has come.
 */
const ALTERNATE_SCREEN = '\x1b[?1049h'
const USUAL_SCREEN = '\x1b[?1049l'
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const BEGIN_UPDATE = '\x1b[?2026h'
const END_UPDATE = '\x1b[?2026l'
const HOME = '\x1b[H'
const CLEAR_LINE_END = '\x1b[K'
const CLEAR_SCREEN_END = '\x1b[J'

const OPEN = ALTERNATE_SCREEN + HIDE_CURSOR
const CLOSE = SHOW_CURSOR + USUAL_SCREEN

const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

/** Such as `process.stdout` if it is a terminal. */
export type Terminal = NodeJS.WriteStream & { readonly fd: number }

/**
 * A terminal that is drawn on as a whole, frame by frame. What it showed before comes back with `close`, at the end of
 * the process at the latest, and while the process is suspended.
 */
export class Screen {
  readonly #terminal: Terminal
  readonly #colours: boolean
  readonly #onResize: () => void
  #isOpen = false

  /** @param onResize the terminal has another size, or came back: draw */
  constructor(terminal: Terminal, onResize: () => void) {
    this.#terminal = terminal
    this.#colours = terminal.hasColors()
    this.#onResize = onResize
    this.#open()
    terminal.on('resize', onResize)
    process.on('SIGTSTP', this.#suspend).on('SIGCONT', this.#resume).on('exit', this.#restore)
  }

  /** A terminal that does not know its size says 0. */
  get columns(): number {
    return this.#terminal.columns || DEFAULT_COLUMNS
  }

  get rows(): number {
    return this.#terminal.rows || DEFAULT_ROWS
  }

  /** @param lines no more than `rows`, none wider than `columns` */
  draw(lines: readonly Line[]): void {
    // A terminal that does not keep up gets the next frame instead.
    if (!this.#isOpen || this.#terminal.writableNeedDrain) return
    const text = lines.map(line => paint(line, this.#colours) + CLEAR_LINE_END).join('\r\n')
    this.#terminal.write(BEGIN_UPDATE + HOME + text + CLEAR_SCREEN_END + END_UPDATE)
  }

  /** Leaves `lines` on the terminal as if they had been printed. */
  close(lines: readonly Line[]): void {
    this.#terminal.off('resize', this.#onResize)
    process.off('SIGTSTP', this.#suspend).off('SIGCONT', this.#resume).off('exit', this.#restore)
    this.#restore()
    this.#terminal.write(lines.map(line => `${paint(line, this.#colours)}\n`).join(''))
  }

  #open(): void {
    this.#terminal.write(OPEN)
    this.#isOpen = true
  }

  /** At once: nothing is written any more to a stream when the process ends. */
  readonly #restore = () => {
    if (!this.#isOpen) return
    this.#isOpen = false
    try {
      writeSync(this.#terminal.fd, CLOSE)
    } catch {
      // The terminal is gone.
    }
  }

  readonly #suspend = () => {
    this.#restore()
    process.kill(process.pid, 'SIGSTOP')
  }

  readonly #resume = () => {
    if (this.#isOpen) return
    this.#open()
    this.#onResize()
  }
}
