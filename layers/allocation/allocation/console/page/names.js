// The names of carriers and services: the API's lists hold references, people read names.

/** Names by reference, read once from the catalogue. A reference that it does not know is its own name. */
export class Names {
  #read = null;
  #carriers = new Map();
  #services = new Map();

  constructor(api) {
    this.api = api;
  }

  /** Read the names. Where the catalogue can't be read, references stand for names. */
  async ready() {
    this.#read ??= this.api.read("catalogue").then((catalogue) => this.#take(catalogue), () => { this.#read = null; });
    await this.#read;
    return this;
  }

  carrier(reference) {
    return this.#carriers.get(reference) ?? reference ?? "–";
  }

  /** Return the name of a service's carrier. */
  carrierOf(service) {
    return this.carrier(this.#services.get(service)?.carrier);
  }

  service(reference) {
    return this.#services.get(reference)?.name ?? reference ?? "–";
  }

  /** Return `[reference, name]` of all carriers. */
  get carriers() {
    return [...this.#carriers];
  }

  /** Return `[reference, name]` of a carrier's services, or of all. */
  servicesOf(carrier = "") {
    return [...this.#services].filter(([, each]) => !carrier || each.carrier === carrier).map(([key, each]) => [key, each.name]);
  }

  #take(catalogue) {
    this.#carriers = new Map(catalogue.carriers.map((each) => [each.reference, each.name]));
    this.#services = new Map(catalogue.services.map((each) => [each.reference, each]));
  }
}
