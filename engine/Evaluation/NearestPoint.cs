namespace EDA.Engine.Evaluation;

/// <summary>
/// Finds the nearest of many points in the plane. The bounding box is cut into square cells of about two points; a
/// query looks at rings of cells around its own until no cell further out can hold a nearer point.
/// </summary>
public sealed class NearestPoint
{
    private const double PointsPerCell = 2;

    private readonly float[] _points;
    private readonly double _left;
    private readonly double _bottom;
    private readonly double _cell;
    private readonly int _columns;
    private readonly int _rows;
    private readonly int[] _starts;
    private readonly int[] _members;

    /// <summary>Sorts the points into cells.</summary>
    /// <param name="points">Finite points [n×2], at least one; kept and not copied.</param>
    /// <exception cref="ArgumentException">There is no point, or a coordinate is not finite.</exception>
    public NearestPoint(float[] points)
    {
        if (points.Length == 0 || points.Length % 2 != 0)
            throw new ArgumentException($"{points.Length} numbers are not points of the plane", nameof(points));
        if (!points.All(float.IsFinite))
            throw new ArgumentException("a coordinate is not finite", nameof(points));
        _points = points;
        int count = points.Length / 2;
        double right = _left = points[0], top = _bottom = points[1];
        for (int i = 0; i < count; i++)
        {
            (double x, double y) = (points[2 * i], points[(2 * i) + 1]);
            (_left, right) = (Math.Min(_left, x), Math.Max(right, x));
            (_bottom, top) = (Math.Min(_bottom, y), Math.Max(top, y));
        }

        // A box without area is cut along its longer side.
        double width = right - _left, height = top - _bottom;
        double cells = Math.Max(1, count / PointsPerCell);
        _cell = Math.Max(Math.Sqrt(width * height / cells), Math.Max(width, height) / cells);
        if (!(_cell > 0))
            _cell = 1;
        _columns = (int)(width / _cell) + 1;
        _rows = (int)(height / _cell) + 1;

        _starts = new int[(_columns * _rows) + 1];
        var cellOf = new int[count];
        for (int i = 0; i < count; i++)
        {
            cellOf[i] = (Row(points[(2 * i) + 1]) * _columns) + Column(points[2 * i]);
            _starts[cellOf[i] + 1]++;
        }

        for (int i = 1; i < _starts.Length; i++)
            _starts[i] += _starts[i - 1];
        var next = _starts[..^1];
        _members = new int[count];
        for (int i = 0; i < count; i++)
            _members[next[cellOf[i]]++] = i;
    }

    /// <summary>Finds the nearest point.</summary>
    /// <param name="x">First coordinate of the query.</param>
    /// <param name="y">Second coordinate of the query.</param>
    /// <returns>The index of a point at the smallest distance.</returns>
    /// <exception cref="ArgumentException">A coordinate is not finite.</exception>
    public int Of(float x, float y)
    {
        if (!float.IsFinite(x) || !float.IsFinite(y))
            throw new ArgumentException("a coordinate is not finite", nameof(x));
        int column = Column(x), row = Row(y);
        double insideX = Math.Clamp(x, _left, _left + (_columns * _cell));
        double insideY = Math.Clamp(y, _bottom, _bottom + (_rows * _cell));
        int best = -1;
        double bestSquare = double.PositiveInfinity;
        for (int ring = 0; ; ring++)
        {
            int west = column - ring, east = column + ring, south = row - ring, north = row + ring;
            for (int r = Math.Max(south, 0); r <= Math.Min(north, _rows - 1); r++)
            {
                // Inner rows of a ring have only their two ends left to look at.
                int stride = ring == 0 || r == south || r == north ? 1 : 2 * ring;
                for (int c = west; c <= east; c += stride)
                {
                    if (c >= 0 && c < _columns)
                        Search((r * _columns) + c, x, y, ref best, ref bestSquare);
                }
            }

            // What lies outside the rings is at least this far, for the point nearest to the query inside the box.
            double beyond = double.PositiveInfinity;
            if (west > 0)
                beyond = Math.Min(beyond, insideX - (_left + (west * _cell)));
            if (east < _columns - 1)
                beyond = Math.Min(beyond, _left + ((east + 1) * _cell) - insideX);
            if (south > 0)
                beyond = Math.Min(beyond, insideY - (_bottom + (south * _cell)));
            if (north < _rows - 1)
                beyond = Math.Min(beyond, _bottom + ((north + 1) * _cell) - insideY);
            if (double.IsPositiveInfinity(beyond) || (best >= 0 && beyond > 0 && beyond * beyond >= bestSquare))
                return best;
        }
    }

    private void Search(int cell, float x, float y, ref int best, ref double bestSquare)
    {
        for (int m = _starts[cell]; m < _starts[cell + 1]; m++)
        {
            int point = _members[m];
            double dx = (double)_points[2 * point] - x, dy = (double)_points[(2 * point) + 1] - y;
            double square = (dx * dx) + (dy * dy);
            if (square < bestSquare)
                (best, bestSquare) = (point, square);
        }
    }

    private int Column(double x) => (int)Math.Clamp((x - _left) / _cell, 0, _columns - 1);

    private int Row(double y) => (int)Math.Clamp((y - _bottom) / _cell, 0, _rows - 1);
}
