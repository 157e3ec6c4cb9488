"use strict";

// Reads /openapi.json and makes a form of every operation. The key stays in this tab: it is written nowhere.

const show = (element, text) => { element.textContent = text; };
const make = (tag, text) => { const element = document.createElement(tag); show(element, text ?? ""); return element; };

async function start() {
  const state = document.getElementById("state");
  try {
    const answer = await fetch("/openapi.json");
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    render(await answer.json());
    state.remove();
  } catch (error) {
    show(state, `openapi.json could not be read: ${error.message}`);
  }
}

function render(api) {
  document.getElementById("about").prepend(`Version ${api.info.version}. `);
  const sections = new Map();
  for (const tag of api.tags) {
    const section = make("section");
    section.id = tag.name;
    section.append(make("h2", tag.name), make("p", tag.description));
    sections.set(tag.name, section);
    const link = make("a", tag.name);
    link.href = `#${tag.name}`;
    document.getElementById("contents").append(link);
  }
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      sections.get(operation.tags[0]).append(operationForm(api, method, path, operation));
    }
  }
  document.getElementById("operations").append(...sections.values());
}

function operationForm(api, method, path, operation) {
  const card = document.getElementById("operation").content.cloneNode(true).firstElementChild;
  const find = (selector) => card.querySelector(selector);
  show(find(".method"), method.toUpperCase());
  find(".method").classList.add(method);
  show(find(".path"), path);
  show(find(".summary"), operation.summary);
  show(find(".description"), operation.description ?? "");
  const inputs = operation.parameters.map((parameter) => parameterField(parameter, find(".parameters")));
  if (operation.requestBody) bodyFields(api, operation.requestBody.content, find); else find(".body").remove();
  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    send(method, path, inputs, find);
  });
  return card;
}

function parameterField(parameter, parent) {
  const label = make("label", parameter.required ? `${parameter.name} *` : parameter.name);
  const choices = parameter.schema.enum;
  const input = make(choices ? "select" : "input");
  if (choices) input.append(...["", ...choices].map((choice) => new Option(choice)));
  else if (parameter.in === "path") input.value = parameter.example ?? "";
  else input.placeholder = parameter.example ?? "";
  input.required = parameter.required;
  label.append(input);
  if (parameter.description) label.append(make("small", parameter.description));
  parent.append(label);
  return { input, ...parameter };
}

function bodyFields(api, content, find) {
  const [media, example, text] = [find(".media"), find(".example"), find(".text")];
  media.append(...Object.keys(content).map((type) => new Option(type)));
  const fill = () => {
    const value = content[media.value].examples?.[example.value]?.value;
    text.value = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 2);
    text.rows = Math.min(24, Math.max(4, text.value.split("\n").length + 1));
  };
  const choose = () => {
    example.replaceChildren(...Object.keys(content[media.value].examples ?? {}).map((name) => new Option(name)));
    show(find(".schema pre"), described(api, content[media.value].schema, "", new Set()));
    fill();
  };
  media.addEventListener("change", choose);
  example.addEventListener("change", fill);
  choose();
}

/** The fields of a schema as lines of text; what refers back to itself is named only. */
function described(api, schema, indent, inside) {
  const name = schema.$ref?.split("/").pop();
  if (name && inside.has(name)) return "";
  const known = name ? api.components.schemas[name] : schema;
  const within = name ? new Set([...inside, name]) : inside;
  const branches = [...(known.anyOf ?? known.oneOf ?? []), ...(known.items ? [known.items] : [])];
  const lines = branches.map((branch) => described(api, branch, indent, within));
  for (const [field, rule] of Object.entries(known.properties ?? {})) {
    const mark = known.required?.includes(field) ? " *" : "";
    lines.push(`${indent}${field}${mark}: ${kind(api, rule)}${rule.description ? `  (${rule.description})` : ""}\n`);
    lines.push(described(api, rule, `${indent}    `, within));
  }
  return lines.join("");
}

function kind(api, rule) {
  if (rule.$ref) { const known = api.components.schemas[rule.$ref.split("/").pop()]; return known.enum ? kind(api, known) : "object"; }
  if (rule.enum) return rule.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (rule.const !== undefined) return JSON.stringify(rule.const);
  const branches = rule.anyOf ?? rule.oneOf;
  if (branches) return [...new Set(branches.map((branch) => kind(api, branch)))].join(" | ");
  if (rule.type === "array") return `list of ${kind(api, rule.items ?? {})}`;
  return rule.format ? `${rule.type}, ${rule.format}` : rule.type ?? "any";
}

async function send(method, path, inputs, find) {
  const headers = {};
  const key = document.getElementById("key").value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  const query = new URLSearchParams();
  let target = path;
  for (const { name, in: place, input } of inputs) {
    if (place === "path") target = target.replace(`{${name}}`, encodeURIComponent(input.value));
    else if (input.value && place === "query") query.set(name, input.value);
    else if (input.value) headers[name] = input.value;
  }
  const text = find(".text");
  if (text) headers["Content-Type"] = find(".media").value;
  const address = query.toString() ? `${target}?${query}` : target;
  const button = find("button");
  button.disabled = true;
  try {
    const answer = await fetch(address, { method: method.toUpperCase(), headers, body: text?.value });
    answered(find, answer.ok, `${answer.status} ${answer.statusText}`, await readable(answer));
  } catch (error) {
    answered(find, false, "No answer", error.message);
  } finally {
    button.disabled = false;
  }
}

async function readable(answer) {
  const text = await answer.text();
  const type = answer.headers.get("Content-Type") ?? "";
  return /json$/.test(type) && !type.includes("ndjson") ? JSON.stringify(JSON.parse(text), null, 2) : text;
}

function answered(find, isGood, status, text) {
  const line = find(".status");
  show(line, status);
  line.className = `status ${isGood ? "good" : "bad"}`;
  show(find(".answer"), text);
  find("output").hidden = false;
}

document.getElementById("caller").addEventListener("submit", (event) => event.preventDefault());
start();
