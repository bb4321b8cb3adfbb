-- Keeps groups, all of them or none (O1).
-- ARGV: what all groups of this dataset may cost; what these cost; up to when a mark is forgotten; the time of these marks; how
-- many marks are kept; how many policies, and of each its digest and its text, or '' where it should be known; how many events
-- have marks, and of each its number, how many marks of earlier keys, these, and today's; how many groups, and of each its head
-- and its body.
-- Answer: { 'kept', cost, last row before } once; or, with nothing changed: { 'policy', digest, ... } these texts are needed;
-- { 'full', cost }; { 'seen', number, ... } these events came before.
local told = told_before()
if told then return told end

local room, cost = tonumber(argument()), tonumber(argument())
local oldest, marked, most_marks = tonumber(argument()), argument(), tonumber(argument())

local policy_texts, needed = {}, { 'policy' }
for _ = 1, tonumber(argument()) do
  local digest, text = argument(), argument()
  policy_texts[digest] = text
  if text == '' and redis.call('HEXISTS', policies, digest) == 0 then needed[#needed + 1] = digest end
end
if #needed > 1 then return needed end

local used = tonumber(redis.call('HGET', tally, 'cost') or '0')
if used + cost > room then return { 'full', used } end

local again, fresh, is_fresh = { 'seen' }, {}, {}
for _ = 1, tonumber(argument()) do
  local number, earlier, came, mark = argument(), tonumber(argument()), false, nil
  for _ = 0, earlier do
    mark = argument()
    local score = redis.call('ZSCORE', seen, mark)
    came = came or is_fresh[mark] or (score and tonumber(score) > oldest)
  end
  if came then
    again[#again + 1] = number
  else
    fresh[#fresh + 1], fresh[#fresh + 2] = marked, mark
    is_fresh[mark] = true
  end
end
if #again > 1 then return again end

local is_new = false
for digest, text in pairs(policy_texts) do
  if text ~= '' then is_new = redis.call('HSET', policies, digest, text) == 1 or is_new end
end
if is_new then
  -- The occasion to forget those to which nothing refers any more.
  local referred = {}
  for _, field in ipairs(redis.call('HKEYS', tally)) do referred[string.match(field, '(%S+)$')] = true end
  for _, digest in ipairs(redis.call('HKEYS', policies)) do
    if not referred[digest] and not policy_texts[digest] then redis.call('HDEL', policies, digest) end
  end
end

local last = tonumber(redis.call('HGET', tally, 'last') or '0')
local new_heads, new_bodies = {}, {}
for _ = 1, tonumber(argument()) do
  local head, body = argument(), argument()
  local row, what = enqueue(), read_head(head)
  new_heads[#new_heads + 1], new_heads[#new_heads + 2] = row, head
  new_bodies[#new_bodies + 1], new_bodies[#new_bodies + 2] = row, body
  note('pending', what, 1, what.events, what.bytes)
end
on_many('HSET', heads, new_heads)
on_many('HSET', bodies, new_bodies)

if #fresh > 0 then
  on_many('ZADD', seen, fresh)
  -- What is old goes faster than new comes.
  local at_most = #fresh + 64
  local old = redis.call('ZCOUNT', seen, '-inf', oldest)
  local surplus = redis.call('ZCARD', seen) - most_marks
  local gone = math.min(math.max(old, surplus), at_most)
  if gone > 0 then redis.call('ZREMRANGEBYRANK', seen, 0, gone - 1) end
end

count()
return tell({ 'kept', tonumber(redis.call('HGET', tally, 'cost') or '0'), last })
