-- Settles leases, each whole or not at all (O4).
-- ARGV: gateway, now, how many leases, and of each its row, its serial, what is thought to be condemned of it ('-' nothing, '+' and
-- the text, '*' if it does not matter), and what stays: '' nothing; else until when it waits, the serial of a lease anew or '', its
-- events, its bytes, 1 if it was sent, seat and key and body where that is rewritten, or three times ''; then how many events are set
-- aside, and of each its head, its body and the message.
-- Answer, the same however often it is asked for: of each lease '1' if it is settled, '0' if it had ended, and what is condemned of it
-- where that is something else: then nothing was changed of it.
local told = told_before()
if told then return told end

local gateway, now = argument(), tonumber(argument())
local has_condemned = redis.call('EXISTS', condemned) == 1
local done, gone = {}, {}

local function keep(row, head, stays)
  note('pending', head, 0, stays.events - head.events, stays.bytes - head.bytes)
  head.events, head.bytes = stays.events, stays.bytes
  if stays.was_sent then head.attempts, head.crashes = head.attempts + 1, 0 end
  if stays.seat ~= '' then
    head.seat, head.key = stays.seat, stays.key
    redis.call('HSET', bodies, row, stays.body)
  end
  redis.call('HSET', heads, row, write_head(head))
  if stays.serial == '' then
    redis.call('HDEL', condemned, row)
    put_back({ row }, stays.due)
  else
    claim(gateway, stays.serial, { row .. '-0' })
    redis.call('ZADD', due, stays.due, member(row))
  end
end

for i = 1, tonumber(argument()) do
  local row, serial, thought = argument(), argument(), argument()
  local stays = argument()
  if stays == '' then
    stays = nil
  else
    stays = {
      due = stays, serial = argument(), events = tonumber(argument()), bytes = tonumber(argument()), was_sent = argument() == '1',
      seat = argument(), key = argument(), body = argument(),
    }
  end
  local asides = {}
  for a = 1, tonumber(argument()) do asides[a] = { argument(), argument(), argument() } end

  local is = '-'
  if has_condemned and thought ~= '*' then
    local text = redis.call('HGET', condemned, row)
    if text then is = '+' .. text end
  end
  if not holds(row, gateway, serial, now) then
    done[i] = '0'
  elseif thought ~= '*' and is ~= thought then
    done[i] = is
  else
    local head = read_head(redis.call('HGET', heads, row))
    for _, aside in ipairs(asides) do quarantine_add(unpack(aside)) end
    if head and stays then
      keep(row, head, stays)
    else
      gone[#gone + 1] = row
      if head then note('pending', head, -1, -head.events, -head.bytes) end
    end
    done[i] = '1'
  end
end
remove(gone)
count()
return tell(done)
