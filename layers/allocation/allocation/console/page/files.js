// Labels and documents: fetched with the key, shown as data and saved as files. No address of theirs holds the key.

import { segment } from "./api.js";
import { shown } from "./dialogs.js";
import { button, el, fill } from "./elements.js";
import { empty, trouble } from "./states.js";

const FORMATS = ["PDF", "PNG", "ZPL"];
const ENDINGS = { "application/pdf": "pdf", "image/png": "png" };

/** Show a consignment's label as an image, with buttons to save it. `path` is its address below the API. */
export async function showLabel(api, reference, path) {
  const base = path.replace(/^\//, "").replace(/\/(PDF|PNG|ZPLII|ZPL)$/i, "");
  const image = await api.read(`${base}/PNG`);
  const picture = el("img", { class: "label-image", alt: `Label of ${reference}`, src: `data:image/png;base64,${image.File}` });
  const problem = el("div", {});
  const actions = FORMATS.map((format) => button(`Save ${format}`, async () => {
    try {
      const file = await api.read(`${base}/${format}`);
      save(file.File, file.ContentType, `${reference}-label.${ENDINGS[file.ContentType] ?? format.toLowerCase()}`);
    } catch (error) {
      fill(problem, trouble(error));
    }
  }));
  shown(`Label of ${reference}`, [picture, problem], actions);
}

const KINDS = {
  CommercialInvoiceDocuments: "Commercial invoice",
  CN22Documents: "CN22",
  CN23Documents: "CN23",
};

/** Show a consignment's customs documents as files to save. */
export async function showDocuments(api, reference, path) {
  const found = await api.read(path.replace(/^\//, ""));
  const files = Object.entries(KINDS).flatMap(([list, text]) => (found[list] ?? []).map((file, index, all) => ({
    text: all.length > 1 ? `${text} ${index + 1}` : text,
    file,
  })));
  shown(`Customs documents of ${reference}`, files.length
    ? el("ul", { class: "plain-list" }, files.map(({ text, file }) => el("li", { class: "row" }, el("span", {}, text),
      button("Save", () => save(file.File ?? file.Document, file.ContentType ?? "application/pdf",
        `${reference}-${segment(text.toLowerCase().replaceAll(" ", "-"))}.pdf`), { "aria-label": `Save ${text}` }))))
    : empty("None is needed", "This consignment passes no customs."));
}

function save(base64, type, name) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}
