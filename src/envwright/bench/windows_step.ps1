# Measures folders from the Windows side: a new folder in each, which goes at the end.
# The lines before these set $places, the folders by their names.
function Measure-Random([string]$file) {
    $block = New-Object byte[] 4096
    $random = New-Object Random
    $random.NextBytes($block)
    $blocks = 65536
    $result = @{}
    # A buffer of one byte is none; WriteThrough waits for the disk.
    $stream = New-Object IO.FileStream($file, 'Create', 'ReadWrite', 'None', 1, 'WriteThrough')
    try {
        $stream.SetLength([long]$blocks * 4096)
        foreach ($kind in @('write', 'read')) {
            $done = 0
            $watch = [Diagnostics.Stopwatch]::StartNew()
            while ($watch.Elapsed.TotalSeconds -lt 5) {
                $stream.Position = [long]$random.Next($blocks) * 4096
                if ($kind -eq 'write') { $stream.Write($block, 0, 4096) }
                else { [void]$stream.Read($block, 0, 4096) }
                $done++
            }
            $result[$kind] = $done / 256 / $watch.Elapsed.TotalSeconds
        }
    } finally {
        $stream.Dispose()
    }
    return $result
}

function Measure-Tree([string]$folder) {
    $text = 'x' * 2048
    $watch = [Diagnostics.Stopwatch]::StartNew()
    for ($one = 0; $one -lt 100; $one++) {
        $below = [IO.Directory]::CreateDirectory([IO.Path]::Combine($folder, "$one")).FullName
        for ($two = 0; $two -lt 20; $two++) {
            [IO.File]::WriteAllText([IO.Path]::Combine($below, "$two"), $text)
        }
    }
    $made = $watch.Elapsed.TotalMilliseconds
    $watch.Restart()
    [IO.Directory]::Delete($folder, $true)
    return @{ made = $made; gone = $watch.Elapsed.TotalMilliseconds }
}

foreach ($name in $places.Keys) {
    $work = [IO.Path]::Combine($places[$name], 'envwright-bench-' + [guid]::NewGuid())
    try {
        [void][IO.Directory]::CreateDirectory($work)
        $speed = Measure-Random ([IO.Path]::Combine($work, 'random'))
        $tree = Measure-Tree ([IO.Path]::Combine($work, 'tree'))
        $values = $name, $speed['read'], $speed['write'], $tree['made'], $tree['gone']
        $form = '{0}: 4 KiB at random, one by one: read {1:n1} MiB/s, write {2:n1} MiB/s; ' +
            '2 000 files: written in {3:n0} ms, removed in {4:n0} ms'
        Write-Output ($form -f $values)
    } catch {
        Write-Output ('{0}: {1}' -f $name, $_.Exception.Message)
    } finally {
        if ([IO.Directory]::Exists($work)) { [IO.Directory]::Delete($work, $true) }
    }
}
