-- Floats in records: the planets of the solar system, as in the benchmarks game.
local sqrt = math.sqrt
local PI = 3.141592653589793
local SOLAR_MASS = 4 * PI * PI
local DAYS = 365.24
local function body(x, y, z, vx, vy, vz, mass)
  return { x = x, y = y, z = z, vx = vx * DAYS, vy = vy * DAYS, vz = vz * DAYS, mass = mass * SOLAR_MASS }
end
local function planets()
  return {
    body(0, 0, 0, 0, 0, 0, 1),
    body(4.84143144246472082945e+00, -1.16032004402742839362e+00, -1.03622044471123109494e-01,
      1.66007664274403694959e-03, 7.69901118419740425080e-03, -6.90460016972063023554e-05, 9.54791938424326609124e-04),
    body(8.34336671824457987790e+00, 4.12479856412430479268e+00, -4.03523417114321381293e-01,
      -2.76742510726411484460e-03, 4.99852801234917238954e-03, 2.30417297573763929463e-05, 2.85885980666130812119e-04),
    body(1.28943695621391310164e+01, -1.51111514016986312525e+01, -2.23307578892655734398e-01,
      2.96460137564761618652e-03, 2.37847173959480950188e-03, -2.96589568540237556131e-05, 4.36624404335156298062e-05),
    body(1.53796971148509165498e+01, -2.59193146099879641146e+01, 1.79258772950371181757e-01,
      2.68067772490389322072e-03, 1.62824170038242295431e-03, -9.51592254519715870971e-05, 5.15138902046611451304e-05),
  }
end
local function advance(bodies, count, dt)
  for i = 1, count do
    local a = bodies[i]
    local ax, ay, az, amass = a.x, a.y, a.z, a.mass
    local avx, avy, avz = a.vx, a.vy, a.vz
    for j = i + 1, count do
      local b = bodies[j]
      local dx, dy, dz = ax - b.x, ay - b.y, az - b.z
      local square = dx * dx + dy * dy + dz * dz
      local magnitude = sqrt(square)
      magnitude = dt / (magnitude * square)
      local bm = b.mass * magnitude
      avx = avx - (dx * bm)
      avy = avy - (dy * bm)
      avz = avz - (dz * bm)
      bm = amass * magnitude
      b.vx = b.vx + (dx * bm)
      b.vy = b.vy + (dy * bm)
      b.vz = b.vz + (dz * bm)
    end
    a.vx, a.vy, a.vz = avx, avy, avz
    a.x, a.y, a.z = ax + dt * avx, ay + dt * avy, az + dt * avz
  end
end
local function energy(bodies, count)
  local e = 0
  for i = 1, count do
    local a = bodies[i]
    e = e + 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
    for j = i + 1, count do
      local b = bodies[j]
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      e = e - (a.mass * b.mass) / sqrt(dx * dx + dy * dy + dz * dz)
    end
  end
  return e
end
return function()
  local bodies = planets()
  for _ = 1, 200000 do advance(bodies, 5, 0.01) end
  return string.format('%.9f', energy(bodies, 5))
end
