-- Stands before every script on one dataset, so all of them have these keys, in this order:
-- KEYS 1 queue, 2 heads, 3 bodies, 4 due, 5 condemned, 6 policies, 7 tally, 8 quarantine, 9 asides, 10 seen,
-- 11 answer of this call's token.
-- Rows are decimal texts; an entry of the queue is ROW-0. Times are the server's, in milliseconds.
local queue, heads, bodies, due, condemned, policies, tally, quarantine, asides, seen, answer = unpack(KEYS)
local GROUP, NOBODY = 'gateways', '-'
local ROW_BYTES = 512 -- what a row costs beside its events
local ANSWER_SECS = 120
local MANY = 500 -- arguments of one command at most, well below what Lua can unpack
local SUSPECT_CRASHES = 3 -- `crash.rs` says why
local LOOK, LOOK_AT_MOST = 128, 2048 -- groups that are looked at together, and in one call

local function whole(number)
  return string.format('%d', number)
end

-- The name of a row in `due`: of one length, so that the oldest of one time is first.
local function member(row)
  return string.format('%016d', row)
end

-- The row of an entry of the queue; '0', which no group has, for one that no script made.
local function row_of_entry(id)
  return string.match(id, '^(%d+)-0$') or '0'
end

-- The number in the id of any entry.
local function row_of(id)
  return whole(tonumber((string.match(id, '^%d+'))))
end

-- The row of a name in `due`, or nil if no gateway gave that name.
local function row_in_due(name)
  local digits = string.match(name, '^%d+$')
  return digits and #digits == 16 and whole(tonumber(digits)) or nil
end

-- Whether a gateway can have given this row.
local function is_row(text)
  return string.match(text, '^[1-9]%d*$') ~= nil and #text <= 16
end

-- What a head says, or nil: site, policy, events, bytes, received, oldest, seat, key, attempts, crashes, envelope.
local function read_head(head)
  if not head then return nil end
  local site, policy, events, bytes, received, oldest, seat, key, attempts, crashes, envelope = string.match(head,
    '^1 (%S+) (%x+) (%d+) (%d+) (%d+) (%d+) (%-?%d+) (%S+) (%d+) (%d+) (.*)$')
  if not site then return nil end
  return {
    site = site, policy = policy, events = tonumber(events), bytes = tonumber(bytes), received = received, oldest = oldest,
    seat = seat, key = key, attempts = tonumber(attempts), crashes = tonumber(crashes), envelope = envelope,
  }
end

local function write_head(h)
  return table.concat({ '1', h.site, h.policy, whole(h.events), whole(h.bytes), h.received, h.oldest, h.seat, h.key,
    whole(h.attempts), whole(h.crashes), h.envelope }, ' ')
end

-- What an entry of the quarantine says, as far as it is counted, or nil.
local function read_aside(head)
  if not head then return nil end
  local site, policy, events, bytes = string.match(head, '^1 (%S+) (%x+) (%d+) (%d+) ')
  if not site then return nil end
  return { site = site, policy = policy, events = tonumber(events), bytes = tonumber(bytes) }
end

-- Totals. `shelf` is 'pending' or 'quarantine'. What is noted counts once `count` was called, at the end of a script.
local noted, noted_cost = {}, 0

local function note(shelf, what, rows, events, bytes)
  local field = shelf .. ' ' .. what.site .. ' ' .. what.policy
  local sum = noted[field] or { 0, 0, 0 }
  noted[field] = { sum[1] + rows, sum[2] + events, sum[3] + bytes }
  noted_cost = noted_cost + bytes + rows * ROW_BYTES
end

local function count()
  for field, change in pairs(noted) do
    local rows, events, bytes = string.match(redis.call('HGET', tally, field) or '0 0 0', '^(%d+) (%d+) (%d+)$')
    rows, events, bytes = (rows or 0) + change[1], (events or 0) + change[2], (bytes or 0) + change[3]
    if rows > 0 then
      redis.call('HSET', tally, field, whole(rows) .. ' ' .. whole(math.max(events, 0)) .. ' ' .. whole(math.max(bytes, 0)))
    else
      redis.call('HDEL', tally, field)
    end
  end
  if noted_cost ~= 0 and redis.call('HINCRBY', tally, 'cost', whole(noted_cost)) < 0 then
    redis.call('HSET', tally, 'cost', 0)
  end
  noted, noted_cost = {}, 0
end

-- Runs a command on many arguments, in portions.
local function on_many(command, key, arguments, ...)
  local before = { ... }
  for first = 1, #arguments, MANY do
    local part = {}
    for _, argument in ipairs(before) do part[#part + 1] = argument end
    for i = first, math.min(first + MANY - 1, #arguments) do part[#part + 1] = arguments[i] end
    redis.call(command, key, unpack(part))
  end
end

-- Takes groups away for good, with all that is known of them. Their amounts are to be noted by the caller.
local function remove(rows)
  if #rows == 0 then return end
  local ids, members = {}, {}
  for i, row in ipairs(rows) do ids[i], members[i] = row .. '-0', member(row) end
  if redis.call('EXISTS', queue) == 1 then
    pcall(on_many, 'XACK', queue, ids, GROUP)
    on_many('XDEL', queue, ids)
  end
  on_many('HDEL', heads, rows)
  on_many('HDEL', bodies, rows)
  on_many('HDEL', condemned, rows)
  on_many('ZREM', due, members)
end

-- Who has a row, under which serial; nil if nobody ever had.
local function holder(row)
  local id = row .. '-0'
  local found = redis.pcall('XPENDING', queue, GROUP, id, id, 1)
  if found.err or not found[1] then return nil end
  return found[1][2], whole(found[1][4])
end

-- Whether a row is in hand of anybody at that time.
local function in_hand(row, now)
  local gateway = holder(row)
  if not gateway or gateway == NOBODY then return false end
  local score = redis.call('ZSCORE', due, member(row))
  return score ~= false and tonumber(score) > now
end

-- Whether this lease of a row holds at that time.
local function holds(row, gateway, serial, now)
  local by, count_of_it = holder(row)
  if by ~= gateway or count_of_it ~= serial then return false end
  local score = redis.call('ZSCORE', due, member(row))
  return score ~= false and tonumber(score) > now
end

-- Hands rows to somebody under a serial, as far as they are in the queue; returns the ids of those that are.
local function claim(gateway, serial, ids, ...)
  local claimed = {}
  for first = 1, #ids, MANY do
    local call = { 'XCLAIM', queue, GROUP, gateway, 0 }
    for i = first, math.min(first + MANY - 1, #ids) do call[#call + 1] = ids[i] end
    for _, word in ipairs({ 'RETRYCOUNT', serial, 'FORCE', 'JUSTID', ... }) do call[#call + 1] = word end
    for _, id in ipairs(redis.call(unpack(call))) do claimed[#claimed + 1] = id end
  end
  return claimed
end

-- Puts rows into nobody's hand, to be due at that time.
local function put_back(rows, at)
  if #rows == 0 then return end
  local ids, scores = {}, {}
  for i, row in ipairs(rows) do
    ids[i] = row .. '-0'
    scores[2 * i - 1], scores[2 * i] = at, member(row)
  end
  claim(NOBODY, 0, ids)
  on_many('ZADD', due, scores)
end

-- Adds an entry under the next number of that count. A stranger's entry may stand where ours would: then numbers go on behind it.
local function add(stream, counter, ...)
  local number = redis.call('HINCRBY', tally, counter, 1)
  local added = redis.pcall('XADD', stream, whole(number) .. '-0', ...)
  if added.err then
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id' then number = tonumber((string.match(info[i + 1], '^%d+'))) + 1 end
    end
    redis.call('HSET', tally, counter, whole(number))
    redis.call('XADD', stream, whole(number) .. '-0', ...)
  end
  return whole(number)
end

-- A row for a new group.
local function enqueue()
  return add(queue, 'last', 'g', '1')
end

-- The name of Meta's message about an entry of the quarantine, beside its events.
local function message_of(number)
  return number .. ' message'
end

-- Puts an entry into quarantine and notes it. Its events are beside the stream, as a stream keeps the bytes of an entry that was
-- deleted as long as its neighbours are there (O8).
local function quarantine_add(head, body, message)
  local number = add(quarantine, 'aside', 'head', head)
  redis.call('HSET', asides, number, body)
  if message ~= '' then redis.call('HSET', asides, message_of(number), message) end
  local what = read_aside(head)
  note('quarantine', what, 1, what.events, what.bytes)
end

-- A group whose entry a stranger took out of the queue (failure case C2) goes in again, under another row, and is due at once.
local function put_in_again(row, now)
  local again = enqueue()
  for _, key in ipairs({ heads, bodies, condemned }) do
    local text = redis.call('HGET', key, row)
    if text then
      redis.call('HSET', key, again, text)
      redis.call('HDEL', key, row)
    end
  end
  redis.call('ZREM', due, member(row))
  redis.call('ZADD', due, now, member(again))
end

-- Up to which entry groups were handed out in order; nil if there is no queue. A missing consumer group is made again (C1): what
-- was handed out is in `due` all the same.
local function cursor()
  local groups = redis.pcall('XINFO', 'GROUPS', queue)
  if groups.err then return nil end
  for _, group in ipairs(groups) do
    local known = {}
    for i = 1, #group, 2 do known[group[i]] = group[i + 1] end
    if known.name == GROUP then return known['last-delivered-id'] end
  end
  redis.call('XGROUP', 'CREATE', queue, GROUP, '0')
  return '0-0'
end

-- What a call under this token told, if it was done before. Whoever asks here says by `tell` what was done.
local function told_before()
  local kept = redis.call('GET', answer)
  return kept and cmsgpack.unpack(kept)
end

local function tell(done)
  redis.call('SET', answer, cmsgpack.pack(done), 'EX', ANSWER_SECS)
  return done
end

-- The arguments of a call, one after the other.
local place = 0
local function argument()
  place = place + 1
  return ARGV[place]
end
