using System.Text;

namespace EDA.Host.Progress;

/// <summary>Progress written to where a reader may go away, as a terminal does that is closed: work goes on without one.</summary>
/// <param name="output">Where it goes.</param>
internal sealed class FleetingWriter(TextWriter output) : TextWriter
{
    private volatile bool _isGone;

    public override Encoding Encoding => output.Encoding;

    public override void Write(char value) => Try(() => output.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => output.Write(buffer, index, count));

    public override void Write(string? value) => Try(() => output.Write(value));

    public override void WriteLine(string? value) => Try(() => output.WriteLine(value));

    public override void Flush() => Try(output.Flush);

    private void Try(Action write)
    {
        if (_isGone)
            return;
        try
        {
            write();
        }
        catch (IOException)
        {
            _isGone = true;
        }
    }
}
