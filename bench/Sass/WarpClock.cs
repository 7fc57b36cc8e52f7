using System.Globalization;
using EDA.Bench.Ptx;

namespace EDA.Bench.Sass;

/// <summary>How long a warp takes that has a multiprocessor to itself: stalls, and waits for what is not there yet.</summary>
/// <param name="lines">What accesses of a line take, in passes.</param>
internal sealed class WarpClock(IReadOnlyDictionary<int, PtxLineCount> lines)
{
    private const int Scoreboards = 6;
    private const double OperandsRead = 12;
    private const double BarrierCycles = 20;

    private readonly double[] _ready = new double[Scoreboards];
    private readonly List<double> _copies = [];
    private double _copied;

    /// <summary>Cycles since the beginning.</summary>
    public double Now { get; private set; }

    /// <summary>Lets time pass.</summary>
    /// <param name="cycles">How much.</param>
    public void Pass(double cycles) => Now += cycles;

    /// <summary>A clock of its own that goes on from here.</summary>
    public WarpClock Copy()
    {
        var copy = new WarpClock(lines) { Now = Now, _copied = _copied };
        _ready.CopyTo(copy._ready, 0);
        copy._copies.AddRange(_copies);
        return copy;
    }

    /// <summary>Executes a block.</summary>
    /// <param name="block">The block.</param>
    public void Execute(SassBlock block)
    {
        foreach (var instruction in block.Instructions)
        {
            var control = instruction.Control;
            for (int i = 0; i < Scoreboards; i++)
            {
                if ((control.Waits >> i & 1) != 0)
                    Now = Math.Max(Now, _ready[i]);
            }

            var kind = SassClass.Of(instruction);
            switch (instruction.Stem)
            {
                case "LDGSTS":
                    _copied = Now + kind.Latency;
                    break;
                case "LDGDEPBAR":
                    _copies.Add(_copied);
                    break;
                case "DEPBAR" when _copies.Count > 0:
                    // All groups of copies but the last few.
                    string left = instruction.Operands.Split("0x")[^1];
                    int open = int.TryParse(left, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int number) ? number : 0;
                    if (_copies.Count > open)
                        Now = Math.Max(Now, _copies[^(open + 1)]);
                    break;
                case "BAR":
                    Now += BarrierCycles;
                    break;
            }

            if (control.Writes >= 0)
                _ready[control.Writes] = Now + kind.Latency + Math.Max(0, Passes(instruction, lines) - 1);
            if (control.Reads >= 0)
                _ready[control.Reads] = Math.Max(_ready[control.Reads], Now + OperandsRead);
            Now += Math.Max(1, control.Stall);
        }
    }

    /// <summary>The passes over shared memory, or lines of global memory, that an access takes; 1 where it is none.</summary>
    /// <param name="instruction">The instruction.</param>
    /// <param name="lines">What was counted.</param>
    public static double Passes(SassInstruction instruction, IReadOnlyDictionary<int, PtxLineCount> lines) =>
        lines.TryGetValue(instruction.Line, out var line) && line.Accesses > 0 && line.Instructions.ContainsKey(instruction.Stem)
            ? Math.Max(1, (double)line.Passes / line.Accesses) : 1;
}
