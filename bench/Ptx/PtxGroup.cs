using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EDA.Bench.Ptx;

/// <summary>In which order the warps of a group run between barriers. Results do not depend on it, unless a barrier is missing.</summary>
public enum PtxOrder
{
    /// <summary>The first one first.</summary>
    Forward,

    /// <summary>The last one first.</summary>
    Reverse,

    /// <summary>Another order in every group and after every barrier.</summary>
    Shuffled,
}

/// <summary>How a kernel is run.</summary>
/// <param name="Order">The order of warps.</param>
/// <param name="FindsRaces">Whether two warps that use a word of shared memory, one writing, without a barrier in between are refused.</param>
public sealed record PtxOptions(PtxOrder Order = PtxOrder.Forward, bool FindsRaces = true);

/// <summary>A group of items that runs a kernel, for one group of the grid after the other.</summary>
public sealed unsafe class PtxGroup : IDisposable
{
    private readonly PtxModule _module;
    private readonly PtxOptions _options;
    private readonly PtxWarp[] _warps;
    private readonly PtxWarp[] _order;
    private readonly PtxRaces? _races;
    private readonly byte* _memory;
    private readonly int _size;
    private (int X, int Y, int Z) _grid;
    private (int X, int Y, int Z) _place;
    private uint _random;

    public PtxGroup(PtxModule module, int size, PtxMemory global, PtxOptions options)
    {
        if (size is < 1 or > 1024)
            throw new ArgumentOutOfRangeException(nameof(size), size, "a group has 1 to 1024 items");
        (_module, _size, _options, Global) = (module, size, options, global);
        _warps = [.. Enumerable.Range(0, (size + PtxWarp.Size - 1) / PtxWarp.Size).Select(i => new PtxWarp(this, module, i, Math.Min(PtxWarp.Size, size - (i * PtxWarp.Size))))];
        _order = [.. _warps];
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)module.SharedLength, 64);
        Shared = new PtxMemory { Origin = _memory };
        foreach (var variable in module.Shared)
            Shared.Add((ulong)variable.Start, (ulong)variable.Length);
        _races = options.FindsRaces && _warps.Length > 1 && module.Shared.Count > 0 ? new PtxRaces((module.SharedLength + 3) / 4) : null;
    }

    /// <summary>Global memory.</summary>
    public PtxMemory Global { get; }

    /// <summary>Shared memory.</summary>
    public PtxMemory Shared { get; }

    /// <summary>Counts what the warps do; null for none.</summary>
    public PtxCounts? Counts { get; init; }

    /// <summary>The kernel's arguments.</summary>
    public byte[] Arguments { get; private set; } = [];

    /// <summary>Where in the grid it is.</summary>
    public string Place => $"({_place.X}, {_place.Y}, {_place.Z})";

    /// <summary>Runs a kernel to its end.</summary>
    /// <param name="gridX">The columns of the grid.</param>
    /// <param name="gridY">Its rows.</param>
    /// <param name="gridZ">Its layers.</param>
    /// <param name="arguments">The arguments, as the kernel finds them.</param>
    /// <exception cref="PtxFaultException">The kernel does what it may not.</exception>
    public void Run(int gridX, int gridY, int gridZ, byte[] arguments)
    {
        (_grid, Arguments) = ((gridX, gridY, gridZ), arguments);
        for (int z = 0; z < gridZ; z++)
        {
            for (int y = 0; y < gridY; y++)
            {
                for (int x = 0; x < gridX; x++)
                {
                    _place = (x, y, z);
                    RunOne();
                }
            }
        }
    }

    /// <summary>Runs one group of a grid and none of the others.</summary>
    /// <param name="grid">The grid.</param>
    /// <param name="place">The group.</param>
    /// <param name="arguments">The arguments, as the kernel finds them.</param>
    /// <exception cref="PtxFaultException">The kernel does what it may not.</exception>
    public void RunOne((int X, int Y, int Z) grid, (int X, int Y, int Z) place, byte[] arguments)
    {
        (_grid, _place, Arguments) = (grid, place, arguments);
        RunOne();
    }

    /// <summary>A special register's value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="item">Whose: the item.</param>
    /// <param name="lane">Its lane.</param>
    public uint Special(string name, int item, int lane) => (uint)(name switch
    {
        "%tid.x" => item,
        "%tid.y" or "%tid.z" => 0,
        "%ntid.x" => _size,
        "%ntid.y" or "%ntid.z" => 1,
        "%ctaid.x" => _place.X,
        "%ctaid.y" => _place.Y,
        "%ctaid.z" => _place.Z,
        "%nctaid.x" => _grid.X,
        "%nctaid.y" => _grid.Y,
        "%nctaid.z" => _grid.Z,
        "%laneid" => lane,
        _ => throw new PtxFormatException($"the special register {name} is not known"),
    });

    /// <summary>Memory that a lane uses.</summary>
    /// <param name="warp">Its warp.</param>
    /// <param name="instruction">What uses it.</param>
    /// <param name="space">The state space.</param>
    /// <param name="address">The address.</param>
    /// <param name="size">How many bytes.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="writes">Whether it writes.</param>
    /// <param name="alignment">What the address must be a multiple of; 0 for the size.</param>
    /// <returns>Where it is.</returns>
    /// <exception cref="PtxFaultException">There is no such memory, the address is not aligned, or another warp uses it.</exception>
    public byte* Find(PtxWarp warp, in PtxInstruction instruction, PtxMemory space, ulong address, uint size, int lane, bool writes, uint alignment = 0)
    {
        if (address % (alignment == 0 ? size : alignment) != 0)
            throw warp.Fault(instruction, $"the address {address:x} is not aligned to {size} bytes", lane);
        byte* found = space.Find(address, size);
        if (found is null)
            throw warp.Fault(instruction, $"{size} bytes at {address:x} are in no array", lane);
        if (_races is not null && ReferenceEquals(space, Shared) && !_races.Note((int)address / 4, (int)size / 4, warp.Number, writes))
            throw warp.Fault(instruction, $"another warp uses {size} bytes at {address:x}, and no barrier stands between", lane);
        return found;
    }

    /// <summary>Memory that all lanes of a warp use, each at its own address, found at one look.</summary>
    /// <param name="warp">The warp.</param>
    /// <param name="instruction">What uses it.</param>
    /// <param name="space">The state space.</param>
    /// <param name="size">How many bytes a lane uses: a power of 2, 4 or more.</param>
    /// <param name="lanes">Those that do.</param>
    /// <param name="writes">Whether they write.</param>
    /// <param name="origin">What is to be added to a lane's address.</param>
    /// <returns>
    /// False where <see cref="Find"/> must look at them one by one, be it that some lanes do not take part or that one of them is
    /// at fault, which it then tells.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryFindAll(PtxWarp warp, in PtxInstruction instruction, PtxMemory space, uint size, uint lanes, bool writes, out byte* origin)
    {
        origin = space.Origin + instruction.Offset;
        if (lanes != PtxWarp.AllLanes)
            return false;
        ulong* addresses = (ulong*)(warp.Registers + instruction.A);
        ulong offset = (ulong)instruction.Offset;
        Vector256<ulong> least = Vector256.Load(addresses), most = least, bits = least;
        for (int lane = Vector256<ulong>.Count; lane < PtxWarp.Size; lane += Vector256<ulong>.Count)
        {
            var some = Vector256.Load(addresses + lane);
            (least, most, bits) = (Vector256.Min(least, some), Vector256.Max(most, some), bits | some);
        }

        ulong low = Math.Min(Math.Min(least[0], least[1]), Math.Min(least[2], least[3])), high = Math.Max(Math.Max(most[0], most[1]), Math.Max(most[2], most[3]));
        ulong all = bits[0] | bits[1] | bits[2] | bits[3] | offset;
        if ((all & (size - 1)) != 0 || high - low > int.MaxValue - size || space.Find(low + offset, (uint)(high - low) + size) is null)
            return false;
        if (_races is not null && ReferenceEquals(space, Shared))
        {
            // Neighbours often read the same word.
            ulong last = ulong.MaxValue;
            for (int lane = 0; lane < PtxWarp.Size; lane++)
            {
                if (addresses[lane] == last)
                    continue;
                last = addresses[lane];
                if (!_races.Note((int)(last + offset) / 4, (int)size / 4, warp.Number, writes))
                    return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var warp in _warps)
            warp.Dispose();
        NativeMemory.AlignedFree(_memory);
    }

    private void RunOne()
    {
        NativeMemory.Fill(_memory, (nuint)_module.SharedLength, 0xFF);
        foreach (var warp in _warps)
            warp.Begin();
        _random = (uint)((_place.X * 0x9E3779B1) + (_place.Y * 0x85EBCA77) + (_place.Z * 0xC2B2AE3D) + 17) | 1;
        _races?.Pass();
        while (true)
        {
            Arrange();
            foreach (var warp in _order)
                warp.Run();
            if (_warps.All(warp => warp.State == PtxState.Ended))
                return;
            if (_warps.Any(warp => warp.State != PtxState.AtBarrier || warp.Barrier != _warps[0].Barrier))
                throw new PtxFaultException($"{_module.Name}: some warps of group {Place} wait at a barrier that others do not come to");
            _races?.Pass();
        }
    }

    private void Arrange()
    {
        _warps.CopyTo(_order, 0);
        if (_options.Order == PtxOrder.Reverse)
            Array.Reverse(_order);
        if (_options.Order != PtxOrder.Shuffled)
            return;
        for (int i = _order.Length - 1; i > 0; i--)
        {
            _random ^= _random << 13;
            _random ^= _random >> 17;
            _random ^= _random << 5;
            int other = (int)(_random % (uint)(i + 1));
            (_order[i], _order[other]) = (_order[other], _order[i]);
        }
    }
}
