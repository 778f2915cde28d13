/**
 * Replaces each `%{NAME}` by the environment variable of that name, whose own `%{NAME}`s are replaced as well. Names
 * that are not set stay as they are, and so does a name within its own value.
 */
export function expandEnv(text: string, env: Readonly<Record<string, string | undefined>>): string {
  return expand(text, env, [])
}

function expand(text: string, env: Readonly<Record<string, string | undefined>>, within: readonly string[]): string {
  return text.replace(/%\{([^}]+)\}/g, (placeholder, name: string) => {
    const value = within.includes(name) ? undefined : env[name]
    return value === undefined ? placeholder : expand(value, env, [...within, name])
  })
}
