using System.Diagnostics;
using System.Globalization;

namespace EDA.Engine.Files;

/// <summary>
/// The moments of writing at which tests let a process die, or a disk be full. EDA_FAULT=NAME:N[:ACTION] acts when the
/// point of that name, or <c>any</c>, is passed for the Nth time: <c>kill</c> (the default) ends the process as kill -9
/// does, <c>full</c> is a disk without room, <c>torn</c> cuts a state that was just written in half before the process dies, as
/// a disk that lies may at a power cut. Without the variable nothing happens.
/// </summary>
internal static class FaultPoint
{
    /// <summary>The variable.</summary>
    public const string Variable = "EDA_FAULT";

    /// <summary>A file is written whole, under its temporary name.</summary>
    public const string Written = "written";

    /// <summary>A file has its name.</summary>
    public const string Named = "named";

    /// <summary>The state before has given up its name, and the new one has not taken it yet.</summary>
    public const string Between = "between";

    /// <summary>Rows are in their file, and the file beside it does not say so yet.</summary>
    public const string Rows = "rows";

    private static readonly Fault? _fault = Fault.Parse(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Passes a point.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="file">The file written last; null where there is none.</param>
    public static void Pass(string name, string? file = null) => _fault?.Pass(name, file);

    private sealed class Fault(string name, int number, string action)
    {
        private int _passed;

        public static Fault? Parse(string? text) => text?.Split(':') is [var name, var number, .. var action]
            ? new Fault(name, int.Parse(number, CultureInfo.InvariantCulture), action is [var only] ? only : "kill")
            : null;

        public void Pass(string point, string? file)
        {
            if ((name != "any" && name != point) || Interlocked.Increment(ref _passed) != number)
                return;
            if (action == "full")
                throw new IOException($"No space left on device : '{file ?? point}'");
            if (action == "torn" && file?.Contains(".state.", StringComparison.Ordinal) == true && File.Exists(file))
                Cut(file);
            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite);
        }

        private static void Cut(string file)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            stream.SetLength(stream.Length / 2);
        }
    }
}
