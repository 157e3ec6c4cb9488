// An SMSC made of node's smpp package: it answers like one, and prints every PDU that it understood as a line of JSON.
'use strict';
const smpp = require('smpp');

const hexed = (key, value) =>
  value && value.type === 'Buffer' ? { hex: Buffer.from(value.data).toString('hex') } : value;
const print = (value) => process.stdout.write(JSON.stringify(value, hexed) + '\n');

const server = smpp.createServer((session) => {
  session.on('error', (error) => print({ error: String(error) }));
  session.on('pdu', (pdu) => {
    print(pdu);
    switch (pdu.command) {
      case 'submit_sm':
        accept(session, pdu);
        break;
      case 'bind_transceiver':
        session.send(pdu.response({ system_id: 'node', sc_interface_version: 0x34 }));
        session.enquire_link();
        session.send(new smpp.PDU('query_sm', { message_id: '1' }));
        break;
      case 'enquire_link':
      case 'unbind':
        session.send(pdu.response());
        break;
    }
  });
});

let accepted = 0;

// The destination says what becomes of the message: a receipt as text, as parameters, as an inbound copy, or a refusal.
function accept(session, pdu) {
  const reaction = pdu.destination_addr.slice(-1);
  if (reaction === '9') {
    session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
    return;
  }
  const number = ++accepted;
  session.send(pdu.response({ message_id: number.toString(16).padStart(8, '0').toUpperCase() }));
  const back = { source_addr: pdu.destination_addr, destination_addr: pdu.source_addr };
  if (reaction === '1') {
    const text = `id:${number} sub:001 dlvrd:001 submit date:2601311200 done date:2601311201 stat:DELIVRD err:000 text:`;
    session.deliver_sm({ ...back, esm_class: 0x04, short_message: text });
  } else if (reaction === '2') {
    session.deliver_sm({ ...back, esm_class: 0x04, receipted_message_id: String(number), message_state: 5 });
  } else if (reaction === '3') {
    session.deliver_sm({ ...back, message_payload: Buffer.from('SETTINGS'), data_coding: 4 });
  }
}

server.listen(0, '127.0.0.1', () => print({ port: server.address().port }));
