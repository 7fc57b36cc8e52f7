using System.Numerics;

namespace EDA.Bench.Ptx;

/// <summary>
/// What one group of a kernel does, counted: how often its warps execute each line of the text, and what its accesses cost
/// memory. A GPU serves global memory in sectors of 32 bytes within lines of 128, and shared memory in passes, in which each of
/// 32 banks gives one word: lanes that want different words of a bank take several.
/// </summary>
/// <param name="module">The kernel.</param>
public sealed unsafe class PtxCounts(PtxModule module)
{
    private const int SectorBytes = 32;
    private const int LineBytes = 128;
    private const int Banks = 32;

    private readonly long[] _executions = new long[module.Code.Length];
    private readonly long[] _passes = new long[module.Code.Length];
    private readonly PtxAccessKind[] _kinds = [.. module.Code.Select(instruction => PtxAccessKind.Of(instruction))];
    private readonly HashSet<ulong> _read = [];
    private readonly HashSet<ulong> _written = [];
    private readonly HashSet<ulong> _touched = [];

    /// <summary>The sectors of global memory that come to the multiprocessor: those of a load once a group, as its cache keeps them; those of an asynchronous copy each time.</summary>
    public long SectorsIn => _read.Count + CopiedSectors;

    /// <summary>The sectors of global memory that are written, each once a group.</summary>
    public long SectorsOut => _written.Count;

    private long CopiedSectors { get; set; }

    /// <summary>How often the group's warps execute each line of the text that holds instructions, by line.</summary>
    public IReadOnlyDictionary<int, PtxLineCount> ByLine()
    {
        var lines = new Dictionary<int, PtxLineCount>();
        for (int i = 0; i < _executions.Length; i++)
        {
            int line = module.Code[i].Line;
            var kind = _kinds[i];
            if (!lines.TryGetValue(line, out var count))
                lines.Add(line, count = new PtxLineCount());
            count.Executions = Math.Max(count.Executions, _executions[i]);
            if (kind.Machine is not { } machine)
                continue;
            count.Instructions[machine] = count.Instructions.GetValueOrDefault(machine) + 1;
            count.Passes += _passes[i];
            count.Accesses += kind.Space == PtxSpace.None ? 0 : _executions[i];
        }

        return lines;
    }

    /// <summary>A warp comes to an instruction.</summary>
    /// <param name="at">Its place in the code.</param>
    public void Executes(int at) => _executions[at]++;

    /// <summary>Lanes of a warp are about to execute an instruction.</summary>
    /// <param name="warp">The warp.</param>
    /// <param name="at">The instruction's place in the code.</param>
    /// <param name="lanes">The lanes.</param>
    public void Accesses(PtxWarp warp, int at, uint lanes)
    {
        var kind = _kinds[at];
        if (kind.Space == PtxSpace.None)
            return;
        ref readonly var instruction = ref module.Code[at];
        if (kind.IsCopy)
        {
            // Into shared memory and out of global memory; what is not read of global memory becomes zeros.
            ulong* to = (ulong*)(warp.Registers + instruction.A), from = (ulong*)(warp.Registers + instruction.B);
            int* counts = (int*)(warp.Registers + instruction.C);
            _passes[at] += SharedPasses(to, 0, kind.Bytes, lanes);
            uint reading = 0;
            for (uint rest = lanes; rest != 0; rest &= rest - 1)
                reading |= counts[BitOperations.TrailingZeroCount(rest)] > 0 ? rest & (0 - rest) : 0;
            CopiedSectors += Touch(from, 0, kind.Bytes, reading, SectorBytes);
            return;
        }

        ulong* addresses = (ulong*)(warp.Registers + instruction.A);
        if (kind.Space == PtxSpace.Shared)
        {
            _passes[at] += SharedPasses(addresses, instruction.Offset, kind.Bytes, lanes);
            return;
        }

        _passes[at] += Touch(addresses, instruction.Offset, kind.Bytes, lanes, LineBytes);
        Touch(addresses, instruction.Offset, kind.Bytes, lanes, SectorBytes);
        (kind.IsStore ? _written : _read).UnionWith(_touched);
    }

    // How many pieces of memory the lanes touch; they are left in _touched.
    private int Touch(ulong* addresses, long offset, int bytes, uint lanes, int piece)
    {
        _touched.Clear();
        for (uint rest = lanes; rest != 0; rest &= rest - 1)
        {
            ulong address = addresses[BitOperations.TrailingZeroCount(rest)] + (ulong)offset;
            for (ulong at = address / (ulong)piece; at <= (address + (ulong)bytes - 1) / (ulong)piece; at++)
                _touched.Add(at);
        }

        return _touched.Count;
    }

    // Lanes are served together as far as 128 bytes go: 32 of four bytes, 16 of eight, 8 of sixteen.
    private static int SharedPasses(ulong* addresses, long offset, int bytes, uint lanes)
    {
        int together = Math.Min(PtxWarp.Size, LineBytes / bytes), passes = 0;
        Span<int> wanted = stackalloc int[Banks];
        Span<ulong> words = stackalloc ulong[PtxWarp.Size * 4];
        for (int first = 0; first < PtxWarp.Size; first += together)
        {
            wanted.Clear();
            int count = 0, most = 0;
            for (int lane = first; lane < first + together; lane++)
            {
                if ((lanes >> lane & 1) == 0)
                    continue;
                for (int i = 0; i < Math.Max(bytes / sizeof(uint), 1); i++)
                {
                    ulong word = ((addresses[lane] + (ulong)offset) / sizeof(uint)) + (ulong)i;
                    if (words[..count].Contains(word))
                        continue;
                    words[count++] = word;
                    most = Math.Max(most, ++wanted[(int)(word % Banks)]);
                }
            }

            passes += most;
        }

        return passes;
    }
}

/// <summary>What is counted of a line of the text.</summary>
public sealed class PtxLineCount
{
    /// <summary>How often a warp executes it.</summary>
    public long Executions { get; set; }

    /// <summary>Of its instructions, those that become one instruction of the machine each: how many, by that one's name.</summary>
    public Dictionary<string, int> Instructions { get; } = [];

    /// <summary>Its accesses to memory.</summary>
    public long Accesses { get; set; }

    /// <summary>What they take, in passes over shared memory or lines of global memory.</summary>
    public long Passes { get; set; }
}

/// <summary>A state space that accesses are counted in.</summary>
public enum PtxSpace
{
    /// <summary>No access, or one of arguments.</summary>
    None,

    /// <summary>Global memory.</summary>
    Global,

    /// <summary>Shared memory.</summary>
    Shared,
}

/// <summary>An instruction of PTX that becomes one of the machine, by its text.</summary>
/// <param name="Machine">That one's name; null where there may be several or none.</param>
/// <param name="Space">Where it accesses memory.</param>
/// <param name="Bytes">How many bytes a lane.</param>
/// <param name="IsStore">Whether it writes.</param>
/// <param name="IsCopy">Whether it is an asynchronous copy.</param>
public readonly record struct PtxAccessKind(string? Machine, PtxSpace Space, int Bytes, bool IsStore, bool IsCopy)
{
    /// <summary>The kind of an instruction.</summary>
    /// <param name="instruction">The instruction.</param>
    public static PtxAccessKind Of(in PtxInstruction instruction)
    {
        string[] parts = instruction.Text.Split(' ')[0].Split('.');
        int vector = parts.Contains("v4") ? 4 : parts.Contains("v2") ? 2 : 1;
        int bytes = vector * (parts[^1].EndsWith("64", StringComparison.Ordinal) ? 8 : parts[^1].EndsWith("16", StringComparison.Ordinal) ? 2 : parts[^1].EndsWith('8') ? 1 : 4);
        return parts switch
        {
            ["mma", ..] => new("HMMA", PtxSpace.None, 0, false, false),
            ["shfl", ..] => new("SHFL", PtxSpace.None, 0, false, false),
            ["bar", ..] => new("BAR", PtxSpace.None, 0, false, false),
            ["ldmatrix", ..] => new("LDSM", PtxSpace.Shared, 16, false, false),
            ["cp", "async", "cg" or "ca", ..] => new("LDGSTS", PtxSpace.Shared, instruction.Number, true, true),
            ["ld", "global", ..] => new("LDG", PtxSpace.Global, bytes, false, false),
            ["st", "global", ..] => new("STG", PtxSpace.Global, bytes, true, false),
            ["ld", "shared", ..] => new("LDS", PtxSpace.Shared, bytes, false, false),
            ["st", "shared", ..] => new("STS", PtxSpace.Shared, bytes, true, false),
            _ => default,
        };
    }
}
