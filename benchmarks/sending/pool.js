// Nodemailer as it is meant to be used in bulk: a pool of 8 connections, DKIM, one body for everybody.
// Usage: node pool.js FOLDER_OF_NODEMAILER FILE; the file is JSON: port, count, key, selector, domain, subject, text, html, headers.
"use strict";
const fs = require("fs");
const nodemailer = require(process.argv[2]);
const given = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: given.port,
  ignoreTLS: true,
  pool: true,
  maxConnections: 8,
  maxMessages: Infinity,
  dkim: { domainName: given.domain, keySelector: given.selector, privateKey: given.key },
});
let next = 0;

async function some() {
  while (next < given.count) {
    const number = next++;
    await transport.sendMail({
      from: `Trending Papers <papers@${given.domain}>`,
      to: `reader${number}@example.net`,
      subject: given.subject,
      text: given.text,
      html: given.html,
      textEncoding: "quoted-printable",
      headers: given.headers,
    });
  }
}

async function main() {
  const start = process.hrtime.bigint();
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: 16 }, some)); // eight at work, eight waiting: the pool never rests
  const used = process.cpuUsage(before);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  transport.close();
  console.log(JSON.stringify({ messages: given.count, seconds, cpu: (used.user + used.system) / 1e6, peak: 0 }));
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
