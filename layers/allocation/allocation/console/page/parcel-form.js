// The form of the consignment to try: packages and addresses, as PRO writes a consignment. It asks for no name.

import { button, el, field, fill, select } from "./elements.js";

const EXAMPLE = { weight: "2.4", length: "34", width: "22", height: "13", value: "89.00" };
const OPTIONS = { type: "text", autocomplete: "off", spellcheck: "false" };

/** The form's packages and addresses. `consignment()` gives what is typed, in PRO's JSON. */
export class ParcelForm {
  constructor() {
    this.packages = [];
    this.list = el("div", { class: "packages" });
    this.currency = text("GBP", { maxlength: 3, size: 4 });
    this.tags = text("");
    this.option = text("");
    this.origin = text("Sorted1");
    this.originCountry = text("", { maxlength: 2, size: 4 });
    this.originPostcode = text("");
    this.country = text("GB", { maxlength: 2, size: 4, required: true });
    this.postcode = text("M1 5WG");
    this.town = text("Manchester");
    this.street = text("1 Example Street");
    this.company = text("");
    this.direction = select([["Outbound", "Outbound"], ["Inbound", "Return"]], "Outbound");
    this.add(EXAMPLE);
    this.element = el("div", {},
      el("fieldset", {}, el("legend", {}, "Packages"), this.list,
        el("div", { class: "row" }, button("Add a package", () => this.add({}).focus())),
        el("div", { class: "grid" }, field("Currency", this.currency), field("Tags", this.tags, "Separated by commas."),
          field("Delivery option", this.option, "What the shopper chose: a row of the routing table."))),
      el("fieldset", {}, el("legend", {}, "From"),
        el("div", { class: "grid" }, field("Shipping location", this.origin, "Its reference in the catalogue, or leave it empty and give an address."),
          field("Country", this.originCountry), field("Postcode", this.originPostcode), field("Direction", this.direction))),
      el("fieldset", {}, el("legend", {}, "To"),
        el("div", { class: "grid" }, field("Country", this.country, "Two letters, such as GB."), field("Postcode", this.postcode),
          field("Town", this.town), field("Street", this.street), field("Company", this.company, "Empty: may count as a home."))));
  }

  /** Add a package, and return its first field. */
  add(values) {
    const fields = Object.fromEntries(["weight", "length", "width", "height", "value"].map((name) =>
      [name, el("input", { type: "number", min: "0", step: "any", inputmode: "decimal", value: values[name] ?? "",
        required: name !== "value" })]));
    const remove = button("Remove", () => {
      this.packages = this.packages.filter((each) => each !== parcel);
      this.show();
      this.packages.at(-1).fields.weight.focus();
    }, { class: "button plain" });
    const parcel = { fields, remove, labels: { weight: "Weight, kg", length: "Length, cm", width: "Width, cm", height: "Height, cm", value: "Value" } };
    this.packages.push(parcel);
    this.show();
    return fields.weight;
  }

  show() {
    fill(this.list, this.packages.map((parcel, index) => {
      parcel.remove.setAttribute("aria-label", `Remove package ${index + 1}`);
      return el("div", { class: "package", role: "group", "aria-label": `Package ${index + 1}` },
        Object.entries(parcel.fields).map(([name, control]) => field(parcel.labels[name], control)),
        this.packages.length > 1 ? parcel.remove : "");
    }));
  }

  consignment() {
    const currency = { IsoCode: this.currency.value.trim().toUpperCase() || "GBP" };
    return {
      ...given({ deliveryOption: this.option }),
      Direction: this.direction.value,
      Tags: this.tags.value.split(",").map((tag) => tag.trim()).filter(Boolean),
      Packages: this.packages.map(({ fields }) => ({
        Weight: { Value: amount(fields.weight), Unit: "Kg" },
        Dimensions: { Unit: "Cm", Length: amount(fields.length), Width: amount(fields.width), Height: amount(fields.height) },
        Value: { Amount: amount(fields.value) ?? 0, Currency: currency },
      })),
      Addresses: [this.#originAddress(), {
        AddressType: "Destination",
        ...address(this.country, this.postcode),
        ...given({ Town: this.town, AddressLine1: this.street, CompanyName: this.company }),
      }],
    };
  }

  #originAddress() {
    const location = this.origin.value.trim();
    return { AddressType: "Origin", ...(location ? { ShippingLocationReference: location } : address(this.originCountry, this.originPostcode)) };
  }
}

/** Return a text field that no browser fills or corrects. */
export function text(value, attributes = {}) {
  return el("input", { ...OPTIONS, value, ...attributes });
}

function amount(control) {
  return control.value === "" ? null : Number(control.value);
}

function address(country, postcode) {
  return { ...given({ Postcode: postcode }), Country: { IsoCode: { TwoLetterCode: country.value.trim().toUpperCase() } } };
}

function given(controls) {
  return Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.value.trim()]).filter(([, value]) => value));
}
