import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FLAGS =
  '--runtime stub --optimizeLevel 3 --noAssert --enable simd --use abort= --initialMemory 64 --maximumMemory 64'

/**
 * Compiles an entry that exports what the kernel keeps to itself, with the flags of the kernel.
 *
 * @param entry AssemblyScript, as if it lay in the root of the project
 * @returns its exports; `memory` is among them
 */
export async function compileKernelPart<Exports>(
  entry: string,
): Promise<Exports & { readonly memory: WebAssembly.Memory }> {
  const directory = await mkdtemp(join(tmpdir(), 'penstock-kernel-'))
  try {
    const binary = join(directory, 'part.wasm')
    const { error, stderr } = await asc.main(['entry.ts', '--baseDir', ROOT, '-o', binary, ...FLAGS.split(' ')], {
      readFile: async name =>
        name === 'entry.ts' ? entry : await readFile(join(ROOT, name), 'utf8').catch(() => null),
      writeFile: async (name, contents) => writeFile(name, contents),
    })
    if (error) throw new Error(`${error.message}\n${stderr.toString()}`)
    const { instance } = await WebAssembly.instantiate(await readFile(binary))
    return instance.exports as unknown as Exports & { readonly memory: WebAssembly.Memory }
  } finally {
    await rm(directory, { recursive: true })
  }
}
