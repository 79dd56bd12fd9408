// Markdown to HTML and the sanitiser that stands behind it, as one module.
export { default as DOMPurify } from "dompurify";
export { default as MarkdownIt } from "markdown-it";
