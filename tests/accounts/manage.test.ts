import { changeAccount, makeFirstAdministrator, makeFirstLink, removeFactorOf } from '../../src/accounts/index.ts';
import { changePassword, confirmsPassword } from '../../src/accounts/manage.ts';
import { inviteAccount, inviteAgain } from '../../src/newsroom/index.ts';
import { PASSWORD, addAccount } from '../support/desk.ts';
import { addNewsletter, openHouse } from '../support/house.ts';

let house: Awaited<ReturnType<typeof openHouse>>;

beforeEach(async () => (house = await openHouse({ inbox: true })));
afterEach(() => house.remove());

const parts = () => ({ db: house.database.db, clock: house.clock, keys: house.config.keys });
const person = { address: 'ana@review.example', name: 'Ana', password: PASSWORD };

test('the link of the first start makes one administrator, and none where there is an account', async () => {
  const links = await Promise.all([makeFirstLink(parts()), makeFirstLink(parts())]);
  const made = await Promise.allSettled(links.map((link) => makeFirstAdministrator(parts(), link!, person)));
  expect(made.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(await makeFirstLink(parts())).toBeUndefined();
});

test('a link that was printed is good for nothing once there is an account', async () => {
  const link = (await makeFirstLink(parts()))!;
  await addAccount(house, { address: 'bo@review.example' });
  await expect(makeFirstAdministrator(parts(), link, person)).rejects.toMatchObject({ code: 'not-found' });
});

test('the last administrator of all newsletters who can sign in stays one', async () => {
  const newsletter = await addNewsletter(house.database.db);
  const boss = await addAccount(house, { address: 'boss@review.example' });
  await addAccount(house, { address: 'part@review.example', newsletterIds: [newsletter.id] });
  const invited = { address: 'new@review.example', name: 'New', role: 'administrator', newsletterIds: null } as const;
  await inviteAccount(await house.newsroom(), invited, 'a test');
  for (const change of [{ role: 'editor' as const }, { disabled: true }, { newsletterIds: [newsletter.id] }])
    await expect(changeAccount(parts(), boss.id, change, 'a test')).rejects.toMatchObject({ code: 'state-refused' });
  await addAccount(house, { address: 'second@review.example' });
  expect((await changeAccount(parts(), boss.id, { role: 'editor' }, 'a test')).role).toBe('editor');
});

test('an account that has a password is not invited again', async () => {
  const account = await addAccount(house);
  await expect(inviteAgain(await house.newsroom(), account.id, 'a test')).rejects.toMatchObject({
    code: 'state-refused',
  });
});

test('a password cannot be guessed where it is asked for once more', async () => {
  const account = await addAccount(house);
  for (let count = 0; count < 5; count++) expect(await confirmsPassword(parts(), account, 'wrong')).toBe(false);
  await expect(confirmsPassword(parts(), account, PASSWORD)).rejects.toMatchObject({ code: 'too-many-requests' });
  await expect(
    changePassword(parts(), account, { old: PASSWORD, password: 'another long one' }, undefined),
  ).rejects.toMatchObject({ code: 'too-many-requests' });
});

test('one’s own second factor is not taken away without the password', async () => {
  const account = await addAccount(house);
  await expect(removeFactorOf(parts(), account.id, account)).rejects.toMatchObject({ code: 'state-refused' });
});
