import { PenstockError } from '../../shared/errors.ts'
import { type Display, PlainDisplay, ScreenDisplay } from './display.ts'
import { type Figures, FigureTaker, isAllDelivered } from './figures.ts'
import { setScene } from './scene.ts'

export type DemoOptions = {
  /** Undefined: runs until it is stopped. */
  readonly seconds: number | undefined
}

const FRAME_MS = 1000

const EXIT_GOOD = 0
const EXIT_BAD = 1

/**
 * Shows the agent at work between made-up exporters and a receiver of its own, with nothing from outside, until the
 * time is over or a signal comes.
 *
 * @returns exit code: 1 if nothing flowed, something was lost or a part failed
 */
export async function runDemo({ seconds }: DemoOptions): Promise<number> {
  const stopped = stopRequest()
  const display = process.stdout.isTTY ? new ScreenDisplay(process.stdout) : new PlainDisplay(process.stdout)
  let figures: Figures | undefined
  try {
    figures = await play(display, seconds, stopped)
  } catch (error) {
    if (!(error instanceof PenstockError)) throw error
    display.logger.error('penstock/demo', error.message)
  } finally {
    display.close(figures)
  }
  return figures !== undefined && isAllDelivered(figures) ? EXIT_GOOD : EXIT_BAD
}

/**
 * @returns the figures after everything has stopped
 * @throws {PenstockError} the agent cannot start, or one of its threads failed
 */
async function play(display: Display, secondsMax: number | undefined, stopped: Promise<void>): Promise<Figures> {
  await using scene = await setScene(display.logger)
  const { agent, receiver } = scene
  const taker = new FigureTaker(agent.view, receiver)
  const setting = { secondsMax, url: `http://127.0.0.1:${agent.httpPorts[0]}` }
  let isStopping = false
  const show = () => display.show(taker.take(), setting, isStopping)
  const frames = setInterval(show, FRAME_MS)
  const time = Promise.withResolvers<void>()
  const timer = secondsMax === undefined ? undefined : setTimeout(time.resolve, secondsMax * 1000)
  try {
    const failure = await Promise.race([agent.failed, stopped, time.promise])
    isStopping = true
    // That of a running agent: its threads take their memory with them.
    const { memory } = taker.take()
    await agent.stop()
    if (failure !== undefined) throw failure
    return { ...taker.take(), memory }
  } finally {
    clearInterval(frames)
    clearTimeout(timer)
  }
}

/** Resolves when somebody wants the demo to stop; a second signal ends the process at once. */
function stopRequest(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isStopping = false
  const onSignal = () => {
    if (isStopping) process.exit(EXIT_BAD)
    isStopping = true
    resolve()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal)
  // Nobody reads any more: the other end of a pipe, or the terminal, is gone.
  process.stdout.on('error', () => resolve())
  return promise
}
