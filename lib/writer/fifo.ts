/** A queue whose ends move in constant time and whose memory follows its length. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  /** The item that is `index` places behind the oldest. */
  at(index: number): Item | undefined {
    return this.#items[this.#head + index]
  }

  /** Takes out the oldest item, or the one behind it. */
  remove(index: 0 | 1): Item | undefined {
    const item = this.at(index)
    if (item === undefined) return undefined
    if (index === 1) this.#items[this.#head + 1] = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }
}
